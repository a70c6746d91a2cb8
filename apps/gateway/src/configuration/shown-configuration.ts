import type { LiveConfiguration } from '@rightsize/configuration';
import type {
  AdminConfiguration,
  ConfigurationChanged,
  ConfigurationEntry,
  ConfigurationView,
} from '@rightsize/optimizer-admin';
import { KEYS, type GatewayKeys } from './keys.js';

/** The gateway's settings as the admin API shows and changes them. */
export class ShownConfiguration implements AdminConfiguration {
  readonly #live: LiveConfiguration<GatewayKeys>;

  constructor(live: LiveConfiguration<GatewayKeys>) {
    this.#live = live;
  }

  view(): ConfigurationView {
    const { file, problem, reading } = this.#live;
    const names = Object.keys(KEYS) as (keyof GatewayKeys)[];
    return { file, problem, settings: names.map((name) => this.#entry(name)), sections: reading.sections };
  }

  change(changes: Readonly<Record<string, unknown>>, by: string): ConfigurationChanged {
    const outcome = this.#live.change(changes, by);
    if (outcome.kind === 'applied') return outcome;
    return { kind: 'refused', problems: outcome.problems.map(({ where, message }) => `${where}: ${message}`) };
  }

  #entry(name: keyof GatewayKeys): ConfigurationEntry {
    const { unit, description, reloadable, secret } = KEYS[name];
    const { values, sources } = this.#live.reading;
    const value = secret && values[name] !== null ? '(secret)' : values[name];
    return { name, value, unit, description, ...sources[name], reloadable, secret };
  }
}
