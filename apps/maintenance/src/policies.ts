import { PolicyRegister, type Activation } from '@rightsize/optimizer';
import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { Option } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';
import { trainedLine } from './policy-text.js';
import { modelOf } from './stretch.js';

export const policies: MaintenanceCommand = {
  usage: 'policies',
  summary: 'list the policies that were trained, and what decides',
  examples: ['policies', 'policies --json'],
  exits: { 0: 'they were listed' },
  run: ({ db }) =>
    withDatabase(db, async ({ store, readModels }) => {
      const register = await PolicyRegister.open(store, readModels);
      const [trained, active] = [register.trained(), register.active()];
      const lines = [
        `decides: ${register.activeId(null)}`,
        ...active.flatMap(({ model, policyId }) => (model === null ? [] : [`decides for ${model}: ${policyId}`])),
        `${DEFAULT_POLICY.id}: comes with Rightsize`,
        ...trained.map(trainedLine),
      ];
      return { text: lines.join('\n'), json: { decides: register.activeId(null), active, trained }, ok: true };
    }),
};

export const activate: MaintenanceCommand = {
  usage: 'activate <policy>',
  summary: 'let a trained policy decide from now on',
  notes: 'A running gateway takes it up within a second. The id is in the list of policies.',
  examples: ['activate trained-4120-9f31c2aa', `activate ${DEFAULT_POLICY.id} --dry-run`],
  exits: { 0: 'it decides', 1: 'refused: it was not shown to be better than what decides now' },
  options: [new Option('--force', 'although it was not shown to be better').default(false)],
  changes: true,
  run: ({ db, dryRun, args, options }) =>
    withDatabase(db, async ({ store, readModels }) => {
      const register = await PolicyRegister.open(store, readModels);
      const forced = options['force'] === true;
      return told(await register.activate(args[0]!, { reason: 'chosen', forced, dryRun, atMs: Date.now() }), dryRun);
    }),
};

export const rollback: MaintenanceCommand = {
  usage: 'rollback',
  summary: 'let the policy decide again that decided before',
  examples: ['rollback', 'rollback --model llama3.2'],
  exits: { 0: 'it decides again', 1: 'there is nothing to go back to' },
  options: [new Option('--model <name>', 'the policy of this model alone')],
  changes: true,
  run: ({ db, dryRun, options }) =>
    withDatabase(db, async ({ store, readModels }) => {
      const register = await PolicyRegister.open(store, readModels);
      return told(await register.rollback(modelOf(options), Date.now(), dryRun), dryRun);
    }),
};

function told(activation: Activation, dryRun: boolean): Finding {
  if (activation.kind === 'refused') return { text: `Refused: ${activation.reason}.`, json: activation, ok: false };
  const { policyId, previousId, model } = activation.event;
  const text = `${dryRun ? 'Would let' : 'From now on'} ${policyId} ${dryRun ? 'decide' : 'decides'}${model === null ? '' : ` for ${model}`}, in place of ${previousId}.`;
  return { text, json: activation, ok: true };
}
