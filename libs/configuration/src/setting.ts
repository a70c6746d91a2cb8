/** Where a value comes from, weakest first: each goes before those above it. */
export type Layer = 'default' | 'file' | 'environment' | 'command-line' | 'runtime';

export interface Source {
  readonly layer: Layer;
  /** For people: `rightsize.yaml:12`, `RIGHTSIZE_MODE`, `--mode`. */
  readonly where: string;
}

/** A value as it was written somewhere, not yet checked. */
export interface Setting {
  readonly name: string;
  readonly raw: unknown;
  readonly source: Source;
}

/** Settings for the models or clients whose names fit a glob. */
export interface RawSection {
  readonly scope: 'model' | 'client';
  readonly glob: string;
  readonly settings: readonly Setting[];
}

/** Why a configuration cannot be used. */
export interface Problem {
  readonly where: string;
  readonly message: string;
}

/** One problem a line, as an editor can follow it. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ where, message }) => `${where}: ${message}`).join('\n');
}
