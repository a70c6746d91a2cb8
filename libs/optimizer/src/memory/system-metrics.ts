/** What the machine shows of itself at one moment. Bytes; null: it does not show it. */
export interface SystemReading {
  readonly host: {
    readonly totalBytes: number;
    /** Free, and reclaimed when somebody needs it: caches of files. */
    readonly availableBytes: number | null;
    /** What the model server's processes hold that is not a cache; null: no such process is to be seen here. */
    readonly serverBytes: number | null;
  } | null;
  /** All GPUs of this machine together. */
  readonly gpu: { readonly totalBytes: number; readonly freeBytes: number } | null;
  /** Of the last minute. */
  readonly loadAverage: number | null;
}

export const NOTHING_SHOWN: SystemReading = Object.freeze({ host: null, gpu: null, loadAverage: null });

/** Port: what this machine has. Reads off the way of requests, and never rejects: what cannot be read is null. */
export interface SystemMetrics {
  read(): Promise<SystemReading>;
  /** Ends what it has started. */
  close(): void;
}

export const SystemMetrics = Symbol('rightsize.SystemMetrics');
