import { randomUUID } from 'node:crypto';

/** Something that takes longer than a request. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly doing: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** What came of it; null while it runs. */
  readonly result: unknown;
  readonly error: string | null;
}

/** Jobs that are remembered. */
const CAPACITY = 100;

/** Jobs of this process. They are not resumed by another: what they do is safe to break off. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();

  /** Null: the same is running already. */
  start(
    kind: string,
    target: string,
    work: (progress: (doing: string, share: number) => void) => Promise<unknown>,
  ): Job | null {
    if (this.list().some((job) => job.kind === kind && job.target === target && job.state === 'running')) return null;
    const id = randomUUID();
    const begun: Job = {
      id,
      kind,
      target,
      state: 'running',
      doing: 'starting',
      progress: 0,
      startedAtMs: Date.now(),
      endedAtMs: null,
      result: null,
      error: null,
    };
    this.#jobs.set(id, begun);
    this.#forgetOld();
    void work((doing, progress) => this.#change(id, { doing, progress })).then(
      (result) =>
        this.#change(id, { state: 'done', doing: 'done', progress: 1, endedAtMs: Date.now(), result: result ?? null }),
      (error: unknown) =>
        this.#change(id, {
          state: 'failed',
          endedAtMs: Date.now(),
          error: error instanceof Error ? error.message : String(error),
        }),
    );
    return begun;
  }

  /** The latest first. */
  list(): readonly Job[] {
    return [...this.#jobs.values()].toReversed();
  }

  get(id: string): Job | null {
    return this.#jobs.get(id) ?? null;
  }

  #change(id: string, change: Partial<Job>): void {
    const job = this.#jobs.get(id);
    if (job) this.#jobs.set(id, { ...job, ...change });
  }

  #forgetOld(): void {
    for (const [id, { state }] of this.#jobs) {
      if (this.#jobs.size <= CAPACITY) return;
      if (state !== 'running') this.#jobs.delete(id);
    }
  }
}
