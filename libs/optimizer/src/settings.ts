import type { ClientWindowRule, KvCacheType, OperatingMode, PolicyParameters } from '@rightsize/optimizer-core';
import { fits, isFor } from './name-pattern.js';

/** Reads a client's own `num_ctx` differently for some models and clients. The first entry that fits counts. */
export interface ClientWindowSetting {
  /** Model name; `*` stands for any run of characters. @default '*' */
  readonly model?: string;
  /** Client name; `*` stands for any run of characters. @default '*' */
  readonly client?: string;
  readonly rule: ClientWindowRule;
}

/** Settings for some models and clients. Of several entries that fit, the first that says something counts. */
export interface SettingsOverride {
  /** Model name; `*` stands for any run of characters. @default '*' */
  readonly model?: string;
  /** Client name; `*` stands for any run of characters. @default '*' */
  readonly client?: string;
  readonly mode?: OperatingMode;
  /** Of no effect in an entry that names a client: memory is a model's. */
  readonly memoryBudgetBytes?: number;
}

/** What is behind: `openai` is llama-server, or any other in OpenAI's dialect that was started with one window for all. */
export type BackendKind = 'auto' | 'ollama' | 'openai';

export interface RightsizeOptions {
  /** Base URL of the model server, without a path. */
  readonly upstream: string;
  /** What the server is. @default 'auto' — found out by asking it; Ollama while it does not answer */
  readonly backend?: BackendKind;
  /** Window of a server that has one for all requests and does not tell it, tokens. @default null — not known */
  readonly fixedWindow?: number | null;
  /** File of the event log; `:memory:` keeps nothing beyond the process. @default 'rightsize.sqlite' */
  readonly database?: string;
  /** `shadow` decides and records but changes nothing; `off` does not even look. @default 'active' */
  readonly mode?: OperatingMode;
  /** Numbers that go before those of the active policy, learnt or default; give them an `id` of their own. */
  readonly policy?: Partial<PolicyParameters>;
  /** @default [] — a client's `num_ctx` is a hint for every model and client */
  readonly clientWindows?: readonly ClientWindowSetting[];
  /** @default [] */
  readonly overrides?: readonly SettingsOverride[];
  /** Bytes that a model's weights and KV cache may take together. @default null — as seen on the server */
  readonly memoryBudgetBytes?: number | null;
  /**
   * What the server gives a request that names no window, tokens: its `OLLAMA_CONTEXT_LENGTH`, or what it takes for its
   * memory. A model's own `num_ctx` goes before it. Savings are reckoned with it. @default null — 4,096 is assumed
   */
  readonly serverWindow?: number | null;
  /** Type of the server's KV cache, its `OLLAMA_KV_CACHE_TYPE`; sizes that were seen go before it. @default 'f16' */
  readonly kvCacheType?: KvCacheType;
  /** Requests that a runner serves at once, the server's `OLLAMA_NUM_PARALLEL`. @default 1 */
  readonly parallel?: number;
  /**
   * Who chooses `num_batch`: the server, or what was learnt of this machine, tried when a load happens anyway.
   * @default 'server'
   */
  readonly numBatch?: 'server' | 'learn';
  /** Key of the fingerprints. @default the key file beside the database, made at first start */
  readonly secret?: string;
  /** Milliseconds between looks at `/api/ps` while there is traffic. @default 1000 */
  readonly pollMs?: number;
  /** Age in milliseconds beyond which what is known of the runner is looked up again before deciding. @default 2500 */
  readonly staleMs?: number;
  /** The longest a request waits for such a look, milliseconds. @default 250 */
  readonly lookMs?: number;
  /** The longest a request is held back while others change its model's window, milliseconds. @default 60000 */
  readonly holdMs?: number;
  /** Requests held back for one model; one more is told that the server is busy, as Ollama would. @default 512 */
  readonly maxHeld?: number;
  /** Days for which events are kept; what older ones have taught stays. @default null — for good */
  readonly retainDays?: number | null;
  /** Bytes of the event log beyond which the oldest events are deleted. @default null — no limit */
  readonly retainBytes?: number | null;
  /** Decisions kept in memory for `decisions()`. @default 1000 */
  readonly recentDecisions?: number;
  /**
   * Time of day, such as `03:30`, at which the policy is trained anew from the log, beside the requests. It decides
   * only if it is better beyond noise on later traffic. @default null — never
   */
  readonly retrainAt?: string | null;
  /** Whether a model's requests go as they came while cuts, failures or reloads have risen beyond noise. @default 'on' */
  readonly safeguards?: 'on' | 'off';
  /** Milliseconds after which such a model gets its windows again. @default 3600000 */
  readonly safeguardCooldownMs?: number;
  /**
   * Whether free memory of this machine and its GPUs limits windows where no budget is configured. `auto`: on Linux,
   * when the upstream's address is one of loopback and its processes are to be seen; `on`: it does run here. @default 'off'
   */
  readonly systemMetrics?: 'auto' | 'on' | 'off';
  /** Milliseconds between readings of it while there are requests. @default 10000 */
  readonly systemMetricsMs?: number;
  /** Share of sessions, 0 to 1, that go as they came, for safeguards to compare the others with. @default 0 */
  readonly controlShare?: number;
}

/** Complete and checked options. */
export type RightsizeSettings = Readonly<
  Required<Omit<RightsizeOptions, 'policy' | 'secret'>> & {
    /** Goes before what was learnt: the numbers given, and their name. */
    policy: Partial<PolicyParameters>;
    secret: string | null;
  }
>;

const KV_CACHE_TYPES: readonly KvCacheType[] = ['f16', 'q8_0', 'q4_0'];
const BACKENDS: readonly BackendKind[] = ['auto', 'ollama', 'openai'];
const MODES: readonly OperatingMode[] = ['active', 'shadow', 'off'];
const RULES: readonly ClientWindowRule[] = ['hint', 'floor', 'exact'];

/** An option that cannot be used; the message names the key and what would be accepted. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Fills in defaults and checks. Throws {@link SettingsError}. */
export function resolveSettings(options: RightsizeOptions): RightsizeSettings {
  const settings: RightsizeSettings = {
    upstream: checkedUpstream(options.upstream),
    backend: oneOf('backend', options.backend ?? 'auto', BACKENDS),
    fixedWindow: options.fixedWindow == null ? null : positive('fixedWindow', options.fixedWindow),
    database: options.database ?? 'rightsize.sqlite',
    mode: oneOf('mode', options.mode ?? 'active', MODES),
    policy: Object.freeze({ ...options.policy }),
    clientWindows: (options.clientWindows ?? []).map((entry) => ({
      ...entry,
      rule: oneOf('clientWindows.rule', entry.rule, RULES),
    })),
    overrides: (options.overrides ?? []).map(checkedOverride),
    memoryBudgetBytes:
      options.memoryBudgetBytes == null ? null : positive('memoryBudgetBytes', options.memoryBudgetBytes),
    serverWindow: options.serverWindow == null ? null : positive('serverWindow', options.serverWindow),
    kvCacheType: oneOf('kvCacheType', options.kvCacheType ?? 'f16', KV_CACHE_TYPES),
    parallel: positive('parallel', options.parallel ?? 1),
    numBatch: oneOf('numBatch', options.numBatch ?? 'server', ['server', 'learn']),
    secret: options.secret ?? null,
    pollMs: positive('pollMs', options.pollMs ?? 1000),
    staleMs: positive('staleMs', options.staleMs ?? 2500),
    lookMs: positive('lookMs', options.lookMs ?? 250),
    holdMs: positive('holdMs', options.holdMs ?? 60_000),
    maxHeld: positive('maxHeld', options.maxHeld ?? 512),
    retainDays: options.retainDays == null ? null : positive('retainDays', options.retainDays),
    retainBytes: options.retainBytes == null ? null : positive('retainBytes', options.retainBytes),
    recentDecisions: positive('recentDecisions', options.recentDecisions ?? 1000),
    safeguards: oneOf('safeguards', options.safeguards ?? 'on', ['on', 'off']),
    safeguardCooldownMs: positive('safeguardCooldownMs', options.safeguardCooldownMs ?? 3_600_000),
    systemMetrics: oneOf('systemMetrics', options.systemMetrics ?? 'off', ['auto', 'on', 'off']),
    systemMetricsMs: positive('systemMetricsMs', options.systemMetricsMs ?? 10_000),
    controlShare: share('controlShare', options.controlShare ?? 0),
    retrainAt: options.retrainAt == null ? null : timeOfDay('retrainAt', options.retrainAt),
  };
  return settings;
}

/** Options that can be changed while requests are served; the others are fixed for the life of the instance. */
const RELOADABLE = [
  'mode',
  'kvCacheType',
  'parallel',
  'retrainAt',
  'retainDays',
  'retainBytes',
  'clientWindows',
  'overrides',
  'memoryBudgetBytes',
  'pollMs',
  'staleMs',
  'lookMs',
  'holdMs',
  'safeguards',
  'safeguardCooldownMs',
  'controlShare',
  'systemMetrics',
  'systemMetricsMs',
] as const satisfies readonly (keyof RightsizeSettings)[];

/**
 * Takes over what can be changed at run time, in one step: everybody who holds `settings` sees the old
 * ones before this and the new ones after it. Throws a {@link SettingsError} and changes nothing when an
 * option cannot be used.
 */
export function reloadSettings(settings: RightsizeSettings, options: RightsizeOptions): void {
  const next = resolveSettings(options);
  if (isAllOff(settings) && !isAllOff(next)) {
    throw new SettingsError('mode: was started with nothing but "off", without a log: takes a restart to change');
  }
  // Plans and policies hold on to the very object: the same numbers stay the same one.
  const policy = JSON.stringify(next.policy) === JSON.stringify(settings.policy) ? settings.policy : next.policy;
  Object.assign(settings, { policy, ...Object.fromEntries(RELOADABLE.map((name) => [name, next[name]])) });
}

/** Nothing is ever to be decided: neither log nor key are needed. */
export function isAllOff({ mode, overrides }: RightsizeSettings): boolean {
  return mode === 'off' && overrides.every((entry) => (entry.mode ?? 'off') === 'off');
}

function checkedOverride(entry: SettingsOverride): SettingsOverride {
  if (entry.mode !== undefined) oneOf('overrides.mode', entry.mode, MODES);
  if (entry.memoryBudgetBytes !== undefined) positive('overrides.memoryBudgetBytes', entry.memoryBudgetBytes);
  return entry;
}

function timeOfDay(key: string, value: string): string {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return value;
  throw new SettingsError(`${key}: "${value}" is not a time of day from 00:00 to 23:59`);
}

function checkedUpstream(value: string): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new SettingsError(`upstream: "${value}" is not a URL; give one like http://127.0.0.1:11434`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new SettingsError(`upstream: "${value}" must begin with http:// or https://`);
  }
  return url.origin;
}

function oneOf<T extends string>(key: string, value: T, accepted: readonly T[]): T {
  if (!accepted.includes(value)) throw new SettingsError(`${key}: "${value}" is not one of ${accepted.join(', ')}`);
  return value;
}

function positive(key: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) throw new SettingsError(`${key}: ${value} must be a number above zero`);
  return value;
}

function share(key: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new SettingsError(`${key}: ${value} must be a number from 0 to 1`);
  return value;
}

/** The rule for this model and client. */
export function clientWindowRule(settings: RightsizeSettings, model: string, client: string | null): ClientWindowRule {
  const entry = settings.clientWindows.find((e) => isFor(e, model, client));
  return entry?.rule ?? 'hint';
}

/** What is done with requests of this model and client. */
export function modeFor(
  { overrides = [], mode = 'active' }: Pick<RightsizeOptions, 'overrides' | 'mode'>,
  model: string,
  client: string | null,
): OperatingMode {
  const entry = overrides.find((e) => e.mode !== undefined && isFor(e, model, client));
  return entry?.mode ?? mode;
}

/** Bytes that this model's weights and KV cache may take; null: as seen on the server. */
export function memoryBudgetFor({ overrides, memoryBudgetBytes }: RightsizeSettings, model: string): number | null {
  const entry = overrides.find(
    (e) => e.memoryBudgetBytes !== undefined && e.client === undefined && fits(e.model ?? '*', model),
  );
  return entry?.memoryBudgetBytes ?? memoryBudgetBytes;
}
