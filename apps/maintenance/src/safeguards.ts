import { normalizeModelName } from '@rightsize/ollama';
import { becauseOf, SafeguardRegister } from '@rightsize/optimizer';
import { Option } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

export const safeguards: MaintenanceCommand = {
  usage: 'safeguards',
  summary: 'list the models that pass through because harm had risen, and lift that',
  notes: 'A running gateway takes it up within a second.',
  examples: ['safeguards', 'safeguards --lift llama3.2', 'safeguards --json'],
  exits: { 0: 'they were listed, or it was lifted', 1: 'the model to lift does not pass through' },
  options: [new Option('--lift <model>', 'give the model its windows again')],
  changes: true,
  run: ({ db, dryRun, options }) =>
    withDatabase(db, async ({ store, readModels }) => {
      const register = await SafeguardRegister.open(store, readModels);
      const model = options['lift'];
      return typeof model === 'string' ? lifted(register, normalizeModelName(model), dryRun) : listed(register);
    }),
};

function listed({ tripped }: SafeguardRegister): Finding {
  const lines = tripped.map((one) => `${one.model} since ${new Date(one.atMs).toISOString()}: ${becauseOf(one)}`);
  return { text: lines.join('\n') || 'No model passes through.', json: { tripped }, ok: true };
}

async function lifted(register: SafeguardRegister, model: string, dryRun: boolean): Promise<Finding> {
  const event = await register.lift(model, Date.now(), dryRun);
  if (event === null) return { text: `${model} does not pass through.`, json: { lifted: null }, ok: false };
  const text = `${model} ${dryRun ? 'would get' : 'gets'} its windows again.`;
  return { text, json: { lifted: event, dryRun }, ok: true };
}
