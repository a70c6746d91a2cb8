import type { Asked } from './synthetic-log.js';

/** mulberry32, public domain (Tommy Ettinger). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A house where another model is tried every hour, all of which think for long before they answer: no default expects it. */
export function thinkers(count: number): readonly Asked[] {
  const random = randomFrom(7);
  return Array.from({ length: count }, (_, n) => {
    const model = Math.floor(n / 15);
    return {
      at: n * 180 + model * 900,
      model: `thinker-${model}:latest`,
      template: `t-${model}`,
      prompt: 500 + Math.floor(random() * 1000),
      output: 5000 + Math.floor(random() * 4000),
      window: 24_576,
    };
  });
}
