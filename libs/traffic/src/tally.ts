import type { Step } from './step.js';
import type { Result, Run } from './run.js';
import type { Watched } from './window-watch.js';

/** One run in figures. Seconds on the server's clock, windows in tokens. */
export interface Tally {
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  readonly loads: number;
  /** Answers whose prompt the server had cut. */
  readonly cut: number;
  /** Answers that outgrew their window. */
  readonly shifted: number;
  readonly failed: number;
  readonly meanWindow: number;
  readonly p50: number;
  readonly p95: number;
}

/** Prompt tokens of each request when nothing is cut from it. */
export type TrueCounts = ReadonlyMap<Step, number>;

export function tally(name: string, run: Run, watched: Watched, counts: TrueCounts, defaultWindow: number): Tally {
  const seconds = run.results.map((result) => result.seconds).toSorted((a, b) => a - b);
  const count = (is: (result: Result) => boolean): number => run.results.filter(is).length;
  return {
    name,
    requests: run.results.length,
    seconds: run.seconds,
    loads: watched.loads,
    cut: count((result) => wasCut(result, counts)),
    shifted: count((result) => wasShifted(result, defaultWindow)),
    failed: count((result) => result.status !== 200 || result.final === null),
    meanWindow: watched.meanWindow,
    p50: at(seconds, 0.5),
    p95: at(seconds, 0.95),
  };
}

/** The smallest window that would have held every prompt and answer, in the runner's steps of 256 tokens. */
export function largestNeed(runs: readonly Run[], counts: TrueCounts): number {
  const needs = runs.flatMap((run) =>
    run.results.map((result) => (counts.get(result.step) ?? 0) + (result.final?.outputTokens ?? 0) + 1),
  );
  return Math.ceil(Math.max(...needs) / 256) * 256;
}

/** Where the second run was slower than the first, in words; empty when nowhere. */
export function slowerIn(direct: Run, sized: Run): readonly string[] {
  const before = new Map(direct.results.map((result) => [result.step, result.seconds]));
  const pairs = sized.results.map((result) => ({ result, was: before.get(result.step) ?? Number.NaN }));
  const slower = pairs.filter(({ result, was }) => result.seconds > was * 1.1 && result.seconds - was > 0.1);
  const lines = [...new Set(sized.results.map(({ step }) => step.client))].flatMap((client) => {
    const own = (run: Run) => run.results.filter(({ step }) => step.client === client).map(({ seconds }) => seconds);
    const [was, is] = [median(own(direct)), median(own(sized))];
    return is > was * 1.05
      ? [`${client}: half of its answers take ${is.toFixed(1)} s, ${was.toFixed(1)} s direct`]
      : [];
  });
  const worst = slower.toSorted((a, b) => b.result.seconds - b.was - (a.result.seconds - a.was))[0];
  if (!worst) return lines;
  return [
    `${slower.length} of ${pairs.length} requests took over 10 % and 0.1 s longer than direct, at worst ` +
      `${worst.result.seconds.toFixed(1)} s instead of ${worst.was.toFixed(1)} s (${worst.result.step.client}, ${worst.result.rule ?? 'no rule'})`,
    ...lines,
  ];
}

/** The final count is of what was left of the prompt. A server that says nothing of it cannot be judged. */
function wasCut({ step, final }: Result, counts: TrueCounts): boolean {
  const whole = counts.get(step);
  return whole !== undefined && final?.promptTokens != null && final.promptTokens < whole;
}

function wasShifted({ final, window }: Result, defaultWindow: number): boolean {
  return (final?.promptTokens ?? 0) + (final?.outputTokens ?? 0) > (window ?? defaultWindow);
}

function median(values: readonly number[]): number {
  return at(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
