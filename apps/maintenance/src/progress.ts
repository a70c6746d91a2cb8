import { SingleBar } from 'cli-progress';

/** How far a command is. On stderr, so that what it found can be piped. */
export interface Progress {
  /** Begins something of `total` parts; what was shown before is over. */
  begin(what: string, total: number): void;
  at(done: number): void;
  end(): void;
}

/** Milliseconds between lines where there is no terminal. */
const LINE_MS = 2_000;
/** Milliseconds over which the rate is taken: short enough to show a change, long enough to be read. */
const RATE_MS = 3_000;

/** A bar with rate and remaining time on a terminal, plain lines otherwise. */
export class StderrProgress implements Progress {
  #bar: SingleBar | null = null;
  /** Where it was, some seconds ago. */
  #marks: (readonly [atMs: number, done: number])[] = [];

  begin(what: string, total: number): void {
    this.end();
    const shown = process.stderr.isTTY ? '{what} {bar} {percentage} %' : '{what}: {percentage} %';
    this.#bar = new SingleBar({
      format: `${shown}, {value} of {total}, {rate}/s, {left} left`,
      stream: process.stderr,
      noTTYOutput: true,
      notTTYSchedule: LINE_MS,
      hideCursor: true,
      barsize: 24,
      formatValue: (value, _options, type) => (type === 'percentage' ? String(value) : value.toLocaleString('en')),
    });
    this.#marks = [[performance.now(), 0]];
    this.#bar.start(total, 0, { what, rate: '?', left: '?' });
  }

  at(done: number): void {
    if (this.#bar === null) return;
    const nowMs = performance.now();
    this.#marks.push([nowMs, done]);
    while (this.#marks.length > 2 && nowMs - this.#marks[0]![0] > RATE_MS) this.#marks.shift();
    const [sinceMs, before] = this.#marks[0]!;
    const rate = ((done - before) * 1e3) / Math.max(1, nowMs - sinceMs);
    const left = rate > 0 ? (this.#bar.getTotal() - done) / rate : Infinity;
    this.#bar.update(done, { rate: Math.round(rate).toLocaleString('en'), left: inWords(left) });
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

/** For callers that look at nothing: tests, and commands within commands. */
export const SILENT: Progress = { begin() {}, at() {}, end() {} };

function inWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
