/** A server's version as numbers, so that rules can ask for "at least". */
export interface ServerVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The version whose behaviour was measured. */
export const MEASURED_VERSION = '0.34.4';

/** Null when the text is not `major.minor[.patch]`, a pre-release suffix allowed. */
export function parseVersion(text: string): ServerVersion | null {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/.exec(text);
  if (match === null) return null;
  return {
    text: text.replace(/^v/, ''),
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3] ?? 0),
  };
}

function atLeast(v: ServerVersion, major: number, minor: number, patch: number): boolean {
  if (v.major !== major) return v.major > major;
  if (v.minor !== minor) return v.minor > minor;
  return v.patch >= patch;
}

/** What a server of some version does. One record, so that no rule compares versions by itself. */
export interface VersionRules {
  /** A request that names no window keeps whatever automatic window is loaded. */
  readonly automaticOptions: boolean;
  /** How `"truncate": false` answers a prompt that does not fit. */
  readonly truncateFalse: 'counts' | 'message' | 'ignored';
  /** The final chunk says how much of the prompt came from the prefix cache. */
  readonly cachedCount: boolean;
}

export function rulesOf(version: ServerVersion): VersionRules {
  return {
    automaticOptions: atLeast(version, 0, 30, 0),
    truncateFalse: atLeast(version, 0, 30, 0) ? 'counts' : atLeast(version, 0, 12, 6) ? 'message' : 'ignored',
    cachedCount: atLeast(version, 0, 33, 3),
  };
}
