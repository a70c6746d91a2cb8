let last = 0;

/** The next of a repeating run of numbers, for ids: they need to differ, not to be secret. */
export function nextNumber(below: number): number {
  last += 1;
  return (last * 7919) % below;
}

/** Seconds since the epoch. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
