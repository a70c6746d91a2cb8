/** Something due at a virtual instant. */
export interface Timer {
  readonly atNs: number;
  readonly run: () => void;
}

/** What is due when, in virtual nanoseconds. Timers of one instant run in the order they were set. */
export class Timers {
  #due: Timer[] = [];

  set(atNs: number, run: () => void): Timer {
    const timer = { atNs, run };
    let at = this.#due.length;
    while (at > 0 && (this.#due[at - 1]?.atNs ?? 0) > atNs) at -= 1;
    this.#due.splice(at, 0, timer);
    return timer;
  }

  cancel(timer: Timer | null): void {
    if (timer !== null) this.#due = this.#due.filter((each) => each !== timer);
  }

  /** Null when nothing is due. */
  nextAt(): number | null {
    return this.#due[0]?.atNs ?? null;
  }

  /** Takes the next timer that is due by `untilNs`. */
  take(untilNs: number): Timer | null {
    const first = this.#due[0];
    if (first === undefined || first.atNs > untilNs) return null;
    this.#due.shift();
    return first;
  }

  clear(): void {
    this.#due = [];
  }
}
