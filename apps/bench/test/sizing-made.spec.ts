import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { clairvoyantSeconds } from '../src/sizing-clairvoyant.js';
import { makeWorkload, SHAPES } from '../src/sizing-made.js';
import { totalSeconds } from '../src/sizing-machine.js';
import { replay } from '../src/sizing-replay.js';
import { resample } from '../src/sizing-resample.js';

/** Compared as a whole: a thousand requests one by one take seconds. */
const text = JSON.stringify;

describe.each(Object.keys(SHAPES))('a made workload: %s', (shape) => {
  const made = makeWorkload(shape, 1);

  it('is the same for the same seed, and another one for another', () => {
    expect(text(makeWorkload(shape, 1))).toBe(text(made));
    expect(text(makeWorkload(shape, 2))).not.toBe(text(made));
  });

  it('is in order of arrival, and fits the model', () => {
    const { hardware, requests } = made;
    const times = requests.map(({ arrival }) => arrival.t);
    expect(requests.length).toBeGreaterThan(20);
    expect(text(times)).toBe(text(times.toSorted((a, b) => a - b)));
    expect(requests.every(({ outcome: o }) => o.promptTokens + o.outputTokens < hardware.max_ctx)).toBe(true);
    expect(requests.every(({ outcome: o }) => o.cachedPrefix <= o.promptTokens)).toBe(true);
  });

  it('on another day comes from the same clients, and never before the start', () => {
    const other = resample(made, 3);
    expect(text(other)).toBe(text(resample(made, 3)));
    expect(other.requests.every(({ arrival }) => arrival.t >= 0)).toBe(true);
    const clients = (of: typeof made) => new Set(of.requests.map(({ arrival }) => arrival.template));
    expect(clients(other)).toEqual(clients(made));
  });
});

it('nobody pays less than who knew everything beforehand, when nothing is short of room', () => {
  const workload = makeWorkload('drifting', 1);
  const { tally } = replay(workload, DEFAULT_POLICY);
  expect(tally.shifted + tally.cut).toBe(0);
  expect(totalSeconds(tally)).toBeGreaterThanOrEqual(clairvoyantSeconds(workload));
});
