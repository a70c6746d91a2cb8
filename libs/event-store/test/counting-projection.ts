import type { Projection, RecordedEvent, RowWriter } from '@rightsize/event-store';

export interface CountingOptions {
  readonly name?: string;
  readonly version?: number;
  readonly types?: readonly string[];
  /** Called before each event is folded; may throw. */
  readonly onApply?: (event: RecordedEvent) => void;
  /** Called within each commit, after the rows were written; may throw. */
  readonly onFlush?: () => void;
  /** Called after each commit. */
  readonly onCommitted?: (position: number) => void;
}

/** Counts events by stream; each event counts `version` times, so that versions differ in their rows. */
export class CountingProjection implements Projection {
  readonly name: string;
  readonly version: number;
  readonly types: readonly string[];
  readonly commits: number[] = [];
  readonly #options: CountingOptions;
  readonly #counts = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(options: CountingOptions = {}) {
    this.#options = options;
    this.name = options.name ?? 'counting';
    this.version = options.version ?? 1;
    this.types = options.types ?? ['sample'];
  }

  /** What is in memory. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  load(rows: Iterable<readonly [key: string, row: unknown]>): void {
    this.#counts.clear();
    this.#changed.clear();
    for (const [key, row] of rows) this.#counts.set(key, (row as { readonly count: number }).count);
  }

  apply(event: RecordedEvent): void {
    this.#options.onApply?.(event);
    this.#counts.set(event.stream, (this.#counts.get(event.stream) ?? 0) + this.version);
    this.#changed.add(event.stream);
  }

  flush(writer: RowWriter): void {
    for (const stream of this.#changed) writer.put(stream, { count: this.#counts.get(stream) });
    this.#changed.clear();
    this.#options.onFlush?.();
  }

  committed(position: number): void {
    this.commits.push(position);
    this.#options.onCommitted?.(position);
  }
}
