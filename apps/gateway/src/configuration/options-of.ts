import type { Reading } from '@rightsize/configuration';
import type { ClientWindowSetting, RightsizeOptions, SettingsOverride } from '@rightsize/optimizer';
import { DEFAULT_V1 } from '@rightsize/nest';
import type { GatewayOptions } from '../gateway-options.js';
import type { GatewayKeys } from './keys.js';
import { v1ModesOf, v1ModesToldBy } from './v1-mode.kind.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What the settings mean to the gateway and to the optimizer in it. */
export function optionsOf({ values, sections }: Reading<GatewayKeys>): GatewayOptions {
  const memoryGib = values['memory-gib'];
  return {
    host: values.host,
    port: values.port,
    maxBodyBytes: values['max-body-mib'] * MIB,
    drainMs: values['drain-seconds'] * 1000,
    connectTimeoutMs: values['connect-timeout-seconds'] * 1000,
    v1: v1ModesOf(values.v1, DEFAULT_V1),
    v1Overrides: byPrecedence(sections).flatMap(({ scope, glob, values: { v1 } }) =>
      v1 === undefined ? [] : [{ [scope]: glob, v1: v1ModesToldBy(v1) }],
    ),
    slash: values.commands,
    commands: values.commands !== 'off',
    logLevel: values['log-level'],
    admin: {
      key: values['admin.key'],
      readKey: values['admin.read-key'],
      origins: values['admin.origins'],
      requestsPerMinute: values['admin.requests-per-minute'],
    },
    metrics: {
      open: values['metrics.open'],
      models: values['metrics.models'],
      clients: values['metrics.clients'],
    },
    rightsize: {
      upstream: values.upstream,
      backend: values.backend,
      fixedWindow: values['fixed-window'],
      database: values.db,
      mode: values.mode,
      clientWindows: clientWindowsOf({ values, sections }),
      overrides: overridesOf(sections),
      ...policyOf(values),
      memoryBudgetBytes: memoryGib === null ? null : memoryGib * GIB,
      systemMetrics: values['system-metrics'],
      systemMetricsMs: values['system-metrics-seconds'] * 1000,
      serverWindow: values['server-window'],
      kvCacheType: values['kv-cache-type'],
      parallel: values.parallel,
      numBatch: values['num-batch'],
      pollMs: values['poll-ms'],
      staleMs: values['stale-ms'],
      lookMs: values['look-ms'],
      holdMs: values['hold-seconds'] * 1000,
      maxHeld: values['max-held'],
      retainDays: values['retain-days'],
      retainBytes: values['retain-mib'] === null ? null : values['retain-mib'] * MIB,
      recentDecisions: values['recent-decisions'],
      safeguards: values.safeguards,
      safeguardCooldownMs: values['safeguard-cooldown-seconds'] * 1000,
      controlShare: values['control-percent'] / 100,
      retrainAt: values['retrain-at'],
    },
  };
}

/** Numbers that were set go before learnt ones; the name in each decision says that some were. */
function policyOf(values: Reading<GatewayKeys>['values']): Pick<RightsizeOptions, 'policy'> {
  const set = {
    unknownWindow: values['policy.unknown-window'],
    margin: values['policy.margin'],
    headroom: values['policy.headroom'],
  };
  const told = Object.entries(set).filter(([, value]) => value !== null);
  if (told.length === 0) return {};
  const id = told.map(([name, value]) => `${name}=${value}`).join(',');
  return { policy: { ...Object.fromEntries(told), id: `configured,${id}` } };
}

type Settings = Pick<Reading<GatewayKeys>, 'values' | 'sections'>;

/** Rules that name a model or a client, then the file's sections, then the rule for everybody. */
function clientWindowsOf({ values, sections }: Settings): readonly ClientWindowSetting[] {
  const told = values['client-window'];
  const isNamed = ({ model, client }: ClientWindowSetting): boolean => model !== undefined || client !== undefined;
  const apart = byPrecedence(sections).flatMap(({ scope, glob, values: own }) =>
    (own['client-window'] ?? []).map((rule) => ({ ...rule, [scope]: glob })),
  );
  return [...told.filter(isNamed), ...apart, ...told.filter((rule) => !isNamed(rule))];
}

function overridesOf(sections: Settings['sections']): readonly SettingsOverride[] {
  return byPrecedence(sections).map(({ scope, glob, values }) => ({
    [scope]: glob,
    ...(values.mode === undefined ? {} : { mode: values.mode }),
    ...(values['memory-gib'] == null ? {} : { memoryBudgetBytes: values['memory-gib'] * GIB }),
  }));
}

/** What is said of a client goes before what is said of a model. */
function byPrecedence(sections: Settings['sections']): Settings['sections'] {
  return [...sections.filter(({ scope }) => scope === 'client'), ...sections.filter(({ scope }) => scope === 'model')];
}
