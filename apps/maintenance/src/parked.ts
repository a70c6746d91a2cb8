import type { ParkedEvent } from '@rightsize/event-store';
import { ReadModels } from '@rightsize/optimizer';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

export const parked: MaintenanceCommand = {
  usage: 'parked',
  summary: 'list the events at which read models have stopped',
  examples: ['parked --db rightsize.sqlite', 'parked --json'],
  exits: { 0: 'no read model waits', 1: 'a read model waits at an event that it cannot fold' },
  run: ({ db }) =>
    withDatabase(db, async ({ readModels }) => {
      const events = new ReadModels().all.flatMap(({ name, version }) =>
        readModels.parked.list(name, version).map((event) => ({
          ...event,
          state: stateOf(event, readModels.checkpoint(name, version)),
        })),
      );
      const lines = events.map(
        ({ projection, version, position, error, state }) =>
          `${projection} v${version} at ${position}, ${state}: ${error}`,
      );
      const text = lines.length === 0 ? 'No event is parked.' : lines.join('\n');
      return { text, json: { parked: events }, ok: events.every(({ state }) => state !== 'waits') };
    }),
};

/** `passed`: it stopped there once, and a mended program has folded the event since. */
function stateOf({ skipped, position }: ParkedEvent, checkpoint: number): 'waits' | 'skipped' | 'passed' {
  if (skipped) return 'skipped';
  return checkpoint >= position ? 'passed' : 'waits';
}

export const skip: MaintenanceCommand = {
  usage: 'skip <projection> <position>',
  summary: 'let a read model go on without an event that it cannot fold',
  notes:
    'What the event would have taught is missing from then on, until a version with a mended fold builds the\n' +
    'read model anew. A running gateway goes on within a second.',
  examples: ['skip template-statistics 48213', 'skip template-statistics 48213 --dry-run'],
  exits: { 0: 'the read model goes on without it' },
  changes: true,
  run: skipEvent,
};

function skipEvent({ db, dryRun, args: [name, text] }: Call): Promise<Finding> {
  return withDatabase(db, async ({ readModels }) => {
    const projection = new ReadModels().all.find((one) => one.name === name);
    if (projection === undefined) throw new Error(`there is no read model ${name}`);
    const position = Number(text);
    const event = readModels.parked.list(projection.name, projection.version).find((one) => one.position === position);
    if (event === undefined) throw new Error(`no event is parked for ${name} at ${text}; see: parked`);
    if (!dryRun) readModels.parked.skip(projection.name, projection.version, position);
    const done = dryRun ? 'would go on' : 'goes on';
    const said = `${projection.name} ${done} without event ${event.eventId} (${event.type}) at ${position}.`;
    return { text: said, json: { ...event, skipped: !dryRun }, ok: true };
  });
}
