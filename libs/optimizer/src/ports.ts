import type { EventStorage } from '@rightsize/event-store-sqlite';
import type { Decision, DecisionInput, TemplateDetector } from '@rightsize/optimizer-core';
import type { Backend } from './backend.js';
import type { Clock } from './clock.js';
import type { SystemMetrics } from './memory/system-metrics.js';

/** As much of a storage as the optimizer itself uses: a log, read models beside it, and their end. */
export type LogStorage = Pick<EventStorage, 'store' | 'readModels' | 'health' | 'close'>;

/** Port: opens the log and its read models. What it rejects with is told in health, and it is asked again later. */
export type OpenStorage = () => Promise<LogStorage>;

/** Port: what window a request gets. Pure: the same input must give the same decision, or replays tell nothing. */
export interface SizingPolicy {
  decide(input: DecisionInput): Decision;
}

export const SizingPolicy = Symbol('rightsize.SizingPolicy');

/** What an application can put in the place of Rightsize's own. */
export interface RightsizePorts {
  /** @default a SQLite file, the option `database` */
  readonly store?: OpenStorage;
  /** @default the system's */
  readonly clock?: Clock;
  /** Closed with the application. @default Ollama at the option `upstream` */
  readonly backend?: Backend;
  /** What memory the server's machine has. @default this machine, as the option `systemMetrics` says */
  readonly systemMetrics?: SystemMetrics;
  /** @default that of `@rightsize/optimizer-core` */
  readonly detector?: TemplateDetector;
  /** @default `decide` of `@rightsize/optimizer-core` */
  readonly policy?: SizingPolicy;
}
