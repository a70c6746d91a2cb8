import type { Kind } from './kind.js';

/** For whom a setting can be set apart, in the sections `models` and `clients` of the file. */
export type Scope = 'model' | 'client';

/** One setting. Its name is its place in the table: words joined by `-`, sections by `.`. */
export interface Key<T> {
  readonly kind: Kind<T & {}>;
  /** Of a number; null where there is none. */
  readonly unit: string | null;
  readonly default: T;
  /** For people, where the value itself does not say it. */
  readonly defaultInWords: string | null;
  readonly description: string;
  /** Takes effect without a restart. */
  readonly reloadable: boolean;
  /** Never shown, never on the command line; `NAME-file` names a file that holds it. */
  readonly secret: boolean;
  readonly scopes: readonly Scope[];
}

// oxlint-disable-next-line typescript/no-explicit-any -- keys of every type; `Values` gives each its own back
export type KeyTable = Readonly<Record<string, Key<any>>>;

export type Values<Table extends KeyTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Key<infer T> ? T : never;
};

type Told<T> = Omit<Key<T>, 'unit' | 'defaultInWords' | 'reloadable' | 'secret' | 'scopes'> &
  Partial<Pick<Key<T>, 'unit' | 'defaultInWords' | 'reloadable' | 'secret' | 'scopes'>>;

/** A setting that always has a value. */
export function key<T>(
  told: Omit<Told<T>, 'default' | 'kind'> & { readonly kind: Kind<T>; readonly default: NoInfer<T> },
): Key<T> {
  return { unit: null, defaultInWords: null, reloadable: false, secret: false, scopes: [], ...told } as Key<T>;
}

/** A setting that may be left open: null means what `defaultInWords` says. */
export function optional<T>(
  told: Omit<Told<T>, 'default' | 'defaultInWords'> & { readonly kind: Kind<T>; readonly defaultInWords: string },
): Key<T | null> {
  return { unit: null, reloadable: false, secret: false, scopes: [], ...told, default: null } as Key<T | null>;
}

const FILE_OF_SECRET = '-file';

/** Names under which the table's settings can be set: those of secrets, and of the files that hold them. */
export function settableNames(table: KeyTable): readonly string[] {
  return Object.entries(table).flatMap(([name, { secret }]) => (secret ? [name, name + FILE_OF_SECRET] : [name]));
}

/** What a settable name sets; null: there is no such name. */
export function settingOf(table: KeyTable, name: string): { readonly name: string; readonly isFile: boolean } | null {
  if (Object.hasOwn(table, name)) return { name, isFile: false };
  const owner = name.endsWith(FILE_OF_SECRET) ? name.slice(0, -FILE_OF_SECRET.length) : '';
  return Object.hasOwn(table, owner) && table[owner]!.secret ? { name: owner, isFile: true } : null;
}

/** `policy.margin` is `--policy-margin` on the command line. */
export function flagOf(name: string): string {
  return `--${name.replaceAll('.', '-')}`;
}

/** `policy.margin` is `RIGHTSIZE_POLICY_MARGIN` in the environment. */
export function variableOf(name: string): string {
  return `RIGHTSIZE_${name.replaceAll(/[.-]/g, '_').toUpperCase()}`;
}
