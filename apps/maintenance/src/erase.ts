import { rebuildBeside } from '@rightsize/event-store';
import type { EventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import { Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';
import { snapshotWithoutClients } from './snapshot-without-clients.js';
import { withoutClients } from './without-clients.js';

export const erase: MaintenanceCommand = {
  usage: 'erase',
  summary: 'forget a client: take its name out of events, snapshots and read models',
  notes:
    'Writes the whole file anew in the end, so that no unused page holds the name: a running gateway waits\n' +
    'until that is done. What its requests have taught stays, without a name; the lines say what remains.',
  examples: ['erase --client aider --dry-run', 'erase --client aider'],
  exits: { 0: 'the database does not hold the name', 1: 'something still holds it; the lines say what' },
  options: [new Option('--client <name>', 'as it stands in the decisions').makeOptionMandatory()],
  changes: true,
  run: eraseClient,
};

function eraseClient({ db, dryRun, options, progress }: Call): Promise<Finding> {
  const client = String(options['client']);
  const text = JSON.stringify(client);
  return withDatabase(db, async (storage) => {
    const before = storage.stored.holding(text);
    if (dryRun || before.events + before.rows.length === 0) return finding(client, before.events, [], dryRun);
    progress.begin('forgetting', before.events);
    const events = await storage.stored.rewrite(text, (data) => forget(data, client));
    progress.at(events);
    await forgetRows(storage, client, before.rows);
    storage.retention.vacuumWhole();
    const emptied = storage.stored.emptyWriteAheadLog();
    progress.end();
    const left = storage.stored.holding(text);
    return finding(client, events, [
      ...(left.events > 0 ? [`${left.events} events that name it otherwise than as the client`] : []),
      ...left.rows.map(({ projection, version, rows }) => `${rows} rows of ${projection} v${version}`),
      ...(emptied ? [] : ['the write-ahead log, which another process holds open: run this again when it has stopped']),
    ]);
  });
}

function forget(data: string, client: string): string | null {
  const parsed: unknown = JSON.parse(data);
  const forgotten = withoutClients(parsed, (name) => name === client);
  return forgotten === parsed ? null : JSON.stringify(forgotten);
}

/** Snapshots are mended row by row, since their events are gone; read models are then folded anew from them. */
async function forgetRows(
  { store, readModels, stored }: EventStorage,
  client: string,
  holding: readonly { readonly projection: string }[],
): Promise<void> {
  const named = new Set(holding.map(({ projection }) => projection));
  for (const projection of named) {
    await stored.rewriteSnapshot(projection, (rows) =>
      snapshotWithoutClients(projection, rows, (name) => name === client),
    );
  }
  for (const projection of new ReadModels().all) {
    if (named.has(projection.name)) await rebuildBeside(store, readModels, projection, { upcasters: EVENT_UPCASTERS });
  }
}

function finding(client: string, events: number, holding: readonly string[], dryRun = false): Finding {
  const named = `${events} events named ${client}`;
  const done = dryRun ? `${named}; with --dry-run they still do.` : `${named}; they name nobody now.`;
  const remains = [
    'What remains of its requests: sizes, times, windows, fingerprints and ids of conversations made with the key of',
    'this installation. None of them leads back to the name.',
    'Not in reach of this command: what a running gateway shows of its latest decisions until it is restarted, its',
    'logs, exports and copies made before, and what the client will ask from now on.',
  ];
  const held = holding.map((what) => `Still holds the name: ${what}`);
  const json = { client, events, dryRun, stillHolding: holding };
  return {
    text: [events === 0 ? `No event names ${client}.` : done, ...held, ...remains].join('\n'),
    json,
    ok: holding.length === 0,
  };
}
