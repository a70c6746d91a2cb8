/** The runner rounds its window up to a multiple of this many tokens (ollama.md, section 1). */
export const WINDOW_STEP = 256;
const SMALLEST = 1024;

/**
 * Windows worth considering, ascending, tokens: multiples of 256, each about `step` times the one before,
 * and at last `top`, the largest there is. Coarse steps hold memory that nobody needs, fine ones only cost time.
 */
export function ladder(top: number, step: number): readonly number[] {
  const rungs: number[] = [];
  for (let rung = SMALLEST; rung < top; rung = roundUp(Math.max(rung + 1, rung * step))) rungs.push(rung);
  rungs.push(top);
  return rungs;
}

/** Index of the smallest rung of at least `tokens`; that of the last rung when none is. */
export function rungIndex(rungs: readonly number[], tokens: number): number {
  let low = 0;
  let high = rungs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rungs[middle]! >= tokens) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function roundUp(tokens: number): number {
  return Math.ceil(tokens / WINDOW_STEP) * WINDOW_STEP;
}
