/** One setting as it is in force. */
export interface ConfigurationEntry {
  readonly name: string;
  /** Null: not set; of a secret only whether there is one. */
  readonly value: unknown;
  readonly unit: string | null;
  readonly description: string;
  readonly layer: string;
  /** For people: `rightsize.yaml:12`, `RIGHTSIZE_MODE`. */
  readonly where: string;
  readonly reloadable: boolean;
  readonly secret: boolean;
}

export interface ConfigurationView {
  readonly file: string | null;
  /** Why the file as it is now is not in force; null when it is. */
  readonly problem: string | null;
  readonly settings: readonly ConfigurationEntry[];
  /** Settings apart for models and clients. */
  readonly sections: readonly {
    readonly scope: string;
    readonly glob: string;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
}

export type ConfigurationChanged =
  | {
      readonly kind: 'applied';
      readonly changes: readonly { readonly name: string; readonly from: string; readonly to: string }[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** Port: the settings of the application that embeds this. */
export interface AdminConfiguration {
  view(): ConfigurationView;
  /** Until the process ends; null takes a change back. Whoever implements it keeps the audit. */
  change(changes: Readonly<Record<string, unknown>>, by: string): ConfigurationChanged;
}

export const AdminConfiguration = Symbol('rightsize.AdminConfiguration');
