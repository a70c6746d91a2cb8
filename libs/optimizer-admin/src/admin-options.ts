/** Who may come in, and how often. Read at each request: it may change at run time. */
export interface AdminOptions {
  /** Key that may read and change; null with {@link readKey} null too: this machine only, without one. */
  readonly key: string | null;
  /** Key that may read. */
  readonly readKey: string | null;
  /** Origins whose pages may ask; none unless named. */
  readonly origins: readonly string[];
  /** Of one address, before it is told to wait. */
  readonly requestsPerMinute: number;
}

/** Gives the {@link AdminOptions} in force. */
export type CurrentAdminOptions = () => AdminOptions;

export const CurrentAdminOptions = Symbol('rightsize.CurrentAdminOptions');
