/** Some of so many. */
export interface Share {
  readonly harmed: number;
  readonly completions: number;
}

/**
 * How likely it is that so many of the harmed, or more, fall among the recent by chance, if harm were no likelier there than
 * in the reference: Fisher's exact test, one-sided (R. A. Fisher, Statistical Methods for Research Workers, 1934, § 21.02).
 * Exact for small counts, where approximations by the normal distribution raise false alarms.
 */
export function exceedsByChance(recent: Share, reference: Share): number {
  const harmed = recent.harmed + reference.harmed;
  const all = recent.completions + reference.completions;
  const most = Math.min(harmed, recent.completions);
  let term = Math.exp(
    logChoose(recent.completions, recent.harmed) +
      logChoose(reference.completions, reference.harmed) -
      logChoose(all, harmed),
  );
  let chance = 0;
  for (let k = recent.harmed; k <= most && term > 0; k++) {
    chance += term;
    const spared = reference.completions - harmed + k + 1;
    term *= ((recent.completions - k) * (harmed - k)) / ((k + 1) * spared);
  }
  return Math.min(1, chance);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series; below 32, where it is not exact to ten digits, the product itself. */
function logFactorial(n: number): number {
  if (n >= 32) return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
  let log = 0;
  for (let k = 2; k <= n; k++) log += Math.log(k);
  return log;
}
