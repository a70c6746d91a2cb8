/** What a command found: for people, for programs, and whether all is well. */
export interface Finding {
  readonly text: string;
  readonly json: unknown;
  readonly ok: boolean;
}
