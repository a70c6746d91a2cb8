import { existsSync, readFileSync } from 'node:fs';
import { parseHardware, PROFILES, type Hardware } from '@rightsize/ollama-model';
import {
  PolicyRegister,
  policyFrom,
  whatIfOfLog,
  withNumber,
  type AskedSettings,
  type BoundedFigures,
  type TrafficFigures,
  type WhatIf,
} from '@rightsize/optimizer';
import { DEFAULT_POLICY, type PolicyParameters } from '@rightsize/optimizer-core';
import { Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';
import { modelOf, secondsOf, STRETCH_OPTIONS, stretchOf } from './stretch.js';

const GIB = 2 ** 30;

export const whatIf: MaintenanceCommand = {
  usage: 'what-if',
  summary: 'replay recorded traffic under other settings, beside what happened',
  notes:
    'Three columns: what happened, the active policy replayed, and the settings asked for. How far the second is from\n' +
    'the first tells how far to trust the third. Where the log cannot know a length (a prompt that was cut, an answer\n' +
    'that outgrew its window or was cancelled) everything is replayed twice, with the least and with the most it may\n' +
    'have been, and both are shown. Requests are served one after the other, each model with the machine to itself.',
  examples: [
    'what-if --set shiftPrice=60 --since 7d',
    'what-if --keep-alive 30m --since 7d',
    'what-if --policy trained-4120-9f31c2aa --memory-gib 6',
    'what-if --profile gpu24 --json',
  ],
  exits: { 0: 'it was replayed', 1: 'there is no traffic to replay' },
  options: [
    ...STRETCH_OPTIONS,
    new Option('--since <when>', 'the same as --from').conflicts('from'),
    new Option('--policy <id or file>', 'a policy of the log, or a JSON file with its numbers'),
    new Option('--set <name=number...>', 'a number of the policy, such as headroom=2 or beliefs.ladderStep=1.1'),
    new Option('--keep-alive <time>', 'how long an idle runner stays, such as 30m; -1: for good'),
    new Option('--memory-gib <number>', 'memory that weights and KV cache may take').argParser(Number),
    new Option('--profile <name or file>', `another machine: ${Object.keys(PROFILES).join(', ')}, or a JSON file`),
  ],
  run: (call) => withDatabase(call.db, (storage) => run(call, storage)),
};

async function run(
  { options, progress }: Call,
  { store, readModels }: Parameters<Parameters<typeof withDatabase>[1]>[0],
): Promise<Finding> {
  const register = await PolicyRegister.open(store, readModels);
  const stretch = stretchOf(options, Date.now());
  const model = modelOf(options);
  const asked = askedSettings(options, register, register.policies.of(model ?? ''));
  let doing = '';
  const result = await whatIfOfLog(store, register, { stretch, model, asked }, (what, share) => {
    if (what !== doing) progress.begin(what, 100);
    doing = what;
    progress.at(Math.floor(100 * share));
  });
  if (result === null) return { text: 'There is no traffic to replay.', json: { requests: 0 }, ok: false };
  progress.end();
  return { text: textOf(result, asked), json: { ...result, settings: asked }, ok: true };
}

function askedSettings(options: Call['options'], register: PolicyRegister, active: PolicyParameters): AskedSettings {
  const named = options['policy'] === undefined ? active : policyOf(String(options['policy']), register, active);
  const settings = (options['set'] ?? []) as readonly string[];
  const changed = settings.reduce(withNumber, named);
  const policy = settings.length === 0 ? changed : { ...changed, id: [named.id, ...settings].join(',') };
  const memory = options['memoryGib'];
  if (memory !== undefined && !(Number(memory) > 0)) throw new Error('--memory-gib: give a number above zero');
  return {
    policy,
    ...(options['keepAlive'] === undefined
      ? {}
      : { keepAliveSeconds: secondsOf('--keep-alive', String(options['keepAlive'])) }),
    ...(memory === undefined ? {} : { memoryBytes: Number(memory) * GIB }),
    ...(options['profile'] === undefined ? {} : { hardware: profileOf(String(options['profile'])) }),
  };
}

function policyOf(given: string, register: PolicyRegister, base: PolicyParameters): PolicyParameters {
  const known = register.policies.named(given);
  if (known !== null) return known;
  if (!existsSync(given)) throw new Error(`--policy ${given}: neither a policy of the log nor a file`);
  return policyFrom(JSON.parse(readFileSync(given, 'utf8')), base ?? DEFAULT_POLICY, given);
}

function profileOf(given: string): Hardware {
  if (Object.hasOwn(PROFILES, given)) return PROFILES[given as keyof typeof PROFILES];
  if (!existsSync(given)) throw new Error(`--profile ${given}: neither ${Object.keys(PROFILES).join(', ')} nor a file`);
  const parsed = parseHardware(JSON.parse(readFileSync(given, 'utf8')));
  if (!parsed.ok) throw new Error(`--profile ${given}: ${parsed.error}`);
  return parsed.hardware;
}

const ROWS: readonly (readonly [keyof TrafficFigures, string, number])[] = [
  ['reloads', 'reloads', 0],
  ['loadSeconds', 'seconds of reloads', 1],
  ['prefixSeconds', 'seconds of lost prefixes', 1],
  ['spillSeconds', 'seconds of running on the CPU', 1],
  ['refused', 'attempts refused', 0],
  ['cut', 'prompts cut', 0],
  ['shifted', 'answers shifted', 0],
  ['gibHours', 'GiB-hours held', 2],
  ['meanWindow', 'mean window', 0],
  ['costSeconds', 'cost, all in seconds', 1],
];

function textOf({ requests, uncertain, happened, active, asked }: WhatIf, { policy }: AskedSettings): string {
  const { cut, shifted, cancelled } = uncertain;
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(32)}${cells.map((cell) => cell.padStart(20)).join('')}`;
  return [
    `${requests} requests; asked for: ${policy.id}`,
    line('', ['happened', 'active, replayed', 'asked for']),
    ...ROWS.map(([key, name, digits]) =>
      line(name, [shown(happened[key], digits), range(active, key, digits), range(asked, key, digits)]),
    ),
    cut + shifted + cancelled === 0
      ? 'All lengths are known.'
      : `Lengths that the log cannot know: ${cut} prompts cut, ${shifted} answers shifted, ${cancelled} cancelled. Where two figures stand, they are for the least and for the most these may have been.`,
  ].join('\n');
}

function range({ lower, upper }: BoundedFigures, key: keyof TrafficFigures, digits: number): string {
  const [low, high] = [shown(lower[key], digits), shown(upper[key], digits)];
  return low === high ? low : `${low} to ${high}`;
}

function shown(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}
