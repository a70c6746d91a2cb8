import {
  MAINTENANCE_COMMAND,
  PolicyRegister,
  retrainPolicy,
  type Activation,
  type Retrained,
} from '@rightsize/optimizer';
import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';
import { changedNumbers, comparisonLines, trainedLine } from './policy-text.js';
import { modelOf, STRETCH_OPTIONS, stretchOf } from './stretch.js';

export const retrain: MaintenanceCommand = {
  usage: 'retrain',
  summary: 'make a candidate policy from the log and judge it on later traffic',
  notes:
    'Walks forward through the log: trains on what came before, replays what came after under the candidate and under\n' +
    'the active policy, and compares the seconds. The candidate is kept in the log (policies lists it); it decides\n' +
    'only once it is activated.',
  examples: ['retrain', 'retrain --from 30d --activate', 'retrain --model llama3.2 --dry-run --json'],
  exits: {
    0: 'a candidate was made, and activated where that was asked for',
    1: 'too little traffic, or activation refused',
  },
  options: [
    ...STRETCH_OPTIONS,
    new Option('--activate', 'let it decide from now on, if it is better beyond noise').default(false),
    new Option('--force', 'activate it even if it is not').default(false),
    new Option('--seed <number>', 'of the resampling').default(1).argParser(Number),
  ],
  changes: true,
  run: (call) => withDatabase(call.db, ({ store, readModels }) => retrainOn(call, store, readModels)),
};

async function retrainOn(
  { options, dryRun, progress }: Call,
  store: Parameters<typeof PolicyRegister.open>[0],
  readModels: Parameters<typeof PolicyRegister.open>[1],
): Promise<Finding> {
  const nowMs = Date.now();
  const register = await PolicyRegister.open(store, readModels);
  const model = modelOf(options);
  const base = register.policies.named(register.activeId(model)) ?? DEFAULT_POLICY;
  let doing = '';
  const result = await retrainPolicy(store, {
    stretch: stretchOf(options, nowMs),
    model,
    base,
    seed: Number(options['seed'] ?? 1),
    onProgress: (what, share) => {
      if (what !== doing) progress.begin(what, 100);
      doing = what;
      progress.at(Math.round(share * 100));
    },
  });
  progress.end();
  if (result.kind === 'too-little') {
    const text = `${result.requests} requests can be replayed; ${result.needed} are needed to train and judge.`;
    return { text, json: result, ok: false };
  }
  const { trained } = result;
  if (!dryRun) await register.recordTrained(trained);
  const wanted = options['activate'] === true || options['force'] === true;
  const activation =
    wanted && !dryRun
      ? await register.activate(trained.policyId, {
          reason: 'retrained',
          forced: options['force'] === true,
          atMs: nowMs,
        })
      : null;
  const lines = [
    trainedLine(trained),
    ...linesOfLeftOut(result),
    ...comparisonLines(trained.comparison),
    ...changed(changedNumbers(trained.parameters, base)),
    ...(dryRun ? ['Dry run: nothing was written.'] : activationLines(activation, trained.policyId)),
  ];
  return { text: lines.join('\n'), json: { ...result, activation, dryRun }, ok: activation?.kind !== 'refused' };
}

function linesOfLeftOut({ leftOut }: Extract<Retrained, { kind: 'trained' }>): string[] {
  const { failed, preloads, unfinished, earlier } = leftOut;
  return [
    `  left out: ${failed} failed, ${preloads} preloads, ${unfinished} unfinished` +
      (earlier > 0 ? `, ${earlier} older than the latest that fit the memory` : ''),
  ];
}

function changed(lines: readonly string[]): string[] {
  return lines.length === 0 ? ['  no number was worth changing'] : [...lines];
}

function activationLines(activation: Activation | null, policyId: string): string[] {
  if (activation === null) return [`Not active. To let it decide: ${MAINTENANCE_COMMAND} activate ${policyId}`];
  if (activation.kind === 'activated') return [`It decides from now on, in place of ${activation.event.previousId}.`];
  return [`Not activated: ${activation.reason}. --force does it all the same.`];
}
