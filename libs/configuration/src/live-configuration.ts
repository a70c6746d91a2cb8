import type { KeyTable } from './key.js';
import { suggestion } from './nearest.js';
import { changesBetween, keepUnreloadable, type Change } from './changes.js';
import { resolve, type Reading } from './resolve.js';
import { describeProblems, type Problem, type RawSection, type Setting } from './setting.js';
import { readYamlFile } from './yaml-file.js';

export interface ConfigurationInputs {
  /** The file of settings; null: none. */
  readonly file: string | null;
  readonly environment: readonly Setting[];
  readonly commandLine: readonly Setting[];
}

export type Reloaded =
  /** In force. `needRestart` names settings that were changed but only count after a restart. */
  | { readonly kind: 'applied'; readonly changes: readonly Change[]; readonly needRestart: readonly string[] }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** A configuration that cannot be started with; the message has a line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(describeProblems(problems));
    this.problems = problems;
  }
}

type Listener<Table extends KeyTable> = (reading: Reading<Table>, changes: readonly Change[]) => void;

/**
 * The settings in force. A reload takes effect as a whole or not at all: whoever reads sees the old
 * values or the new ones, never some of each, and a file with a mistake in it changes nothing.
 */
export class LiveConfiguration<Table extends KeyTable> {
  readonly table: Table;
  readonly #inputs: ConfigurationInputs;
  readonly #listeners = new Set<Listener<Table>>();
  #runtime: ReadonlyMap<string, Setting> = new Map();
  #reading: Reading<Table>;
  #problem: string | null = null;

  /** Throws a {@link ConfigurationError} that names everything that is wrong. */
  constructor(table: Table, inputs: ConfigurationInputs) {
    this.table = table;
    this.#inputs = inputs;
    this.#reading = this.#read(this.#runtime);
    if (this.#reading.problems.length > 0) throw new ConfigurationError(this.#reading.problems);
  }

  get file(): string | null {
    return this.#inputs.file;
  }

  get reading(): Reading<Table> {
    return this.#reading;
  }

  /** Why the last reload was refused; null when what is written is what is in force. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Called before a change counts. One that throws, having changed nothing, has it refused. */
  onChange(listener: Listener<Table>): void {
    this.#listeners.add(listener);
  }

  /** Reads the file again. */
  reload(): Reloaded {
    const outcome = this.#apply(this.#runtime);
    this.#problem = outcome.kind === 'refused' ? describeProblems(outcome.problems) : null;
    return outcome;
  }

  /** Changes settings until the process ends; null takes such a change back. `who` is kept as their source. */
  change(changes: Readonly<Record<string, unknown>>, who: string): Reloaded {
    const problems = Object.keys(changes).flatMap((name) => this.#unchangeable(name));
    if (problems.length > 0) return { kind: 'refused', problems };
    const runtime = new Map(this.#runtime);
    for (const [name, raw] of Object.entries(changes)) {
      if (raw === null) runtime.delete(name);
      else runtime.set(name, { name, raw, source: { layer: 'runtime', where: who } });
    }
    return this.#apply(runtime);
  }

  #unchangeable(name: string): readonly Problem[] {
    const entry = Object.hasOwn(this.table, name) ? this.table[name] : undefined;
    if (entry === undefined) {
      return [{ where: name, message: `no such setting${suggestion(name, Object.keys(this.table))}` }];
    }
    if (entry.secret) return [{ where: name, message: 'a secret is not changed at run time' }];
    return entry.reloadable ? [] : [{ where: name, message: 'takes a restart to change' }];
  }

  #apply(runtime: ReadonlyMap<string, Setting>): Reloaded {
    const read = this.#read(runtime);
    if (read.problems.length > 0) return { kind: 'refused', problems: read.problems };
    const { reading, needRestart } = keepUnreloadable(this.table, this.#reading, read);
    const changes = changesBetween(this.table, this.#reading, reading);
    try {
      if (changes.length > 0) for (const listener of this.#listeners) listener(reading, changes);
    } catch (error) {
      return { kind: 'refused', problems: [{ where: 'configuration', message: (error as Error).message }] };
    }
    this.#runtime = runtime;
    this.#reading = reading;
    return { kind: 'applied', changes, needRestart };
  }

  #read(runtime: ReadonlyMap<string, Setting>): Reading<Table> {
    const { file, environment, commandLine } = this.#inputs;
    const nothing = { settings: [] as Setting[], sections: [] as RawSection[], problems: [] as Problem[] };
    const read = file === null ? nothing : readYamlFile(file);
    const settings = [...read.settings, ...environment, ...commandLine, ...runtime.values()];
    const reading = resolve(this.table, settings, read.sections);
    return { ...reading, problems: [...read.problems, ...reading.problems] };
  }
}
