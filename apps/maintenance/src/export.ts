import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EventStorage, StoredEvent } from '@rightsize/event-store-sqlite';
import { eventChecksum } from '@rightsize/event-store-sqlite';
import { ReadModels } from '@rightsize/optimizer';
import { Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import { eventLine, snapshotLine, type ExportEnd, type ExportHeader } from './export-format.js';
import type { Finding } from './finding.js';
import { snapshotWithoutClients } from './snapshot-without-clients.js';
import { withoutClients } from './without-clients.js';

/** Events read at once. */
const PAGE = 1_000;

export const exportLog: MaintenanceCommand = {
  usage: 'export',
  summary: 'write the log to a file, one JSON object a line',
  notes:
    'The file can be imported again, at the same positions and times. It holds no text of any prompt. The key of\n' +
    'the fingerprints (the database file with .key) is not in it: copy it along to have templates recognised.',
  examples: ['export --out log.ndjson', 'export --out log.ndjson --anonymise --db rightsize.sqlite'],
  exits: { 0: 'the file is complete' },
  options: [
    new Option('--out <file>', 'the file to write').makeOptionMandatory(),
    new Option('--anonymise', 'leave out the names of clients').default(false),
  ],
  run: writeExport,
};

function writeExport({ db, options, progress }: Call): Promise<Finding> {
  const out = String(options['out']);
  const anonymised = options['anonymise'] === true;
  return withDatabase(db, async (storage) => {
    const header = {
      rightsizeExport: 1,
      floor: storage.retention.floor(),
      head: await storage.store.head(),
      anonymised,
    } as const;
    progress.begin('events', header.head);
    const counted = { events: 0, snapshotRows: 0 };
    const lines = linesOf(storage, header, counted, (position) => progress.at(position));
    // A name of its own until it is whole: a file that was cut off must not look like an export.
    await pipeline(Readable.from(lines), createWriteStream(`${out}.part`));
    await rename(`${out}.part`, out);
    progress.end();
    const snapshot =
      counted.snapshotRows > 0 ? ` and ${counted.snapshotRows} rows of the snapshot they begin from` : '';
    const text = `${out}: ${counted.events} events${snapshot}${anonymised ? ', without the names of clients' : ''}.`;
    return { text, json: { file: out, ...header, ...counted }, ok: true };
  });
}

async function* linesOf(
  storage: EventStorage,
  header: ExportHeader,
  counted: { events: number; snapshotRows: number },
  onProgress: (position: number) => void,
): AsyncGenerator<string> {
  yield `${JSON.stringify(header)}\n`;
  for (const { name, version } of new ReadModels().all) {
    const { rows } = storage.readModels.base(name, version);
    for (const [key, row] of header.anonymised ? snapshotWithoutClients(name, rows, () => true) : rows) {
      counted.snapshotRows += 1;
      yield `${snapshotLine({ projection: name, version, key, row: JSON.stringify(row) })}\n`;
    }
  }
  for (let after = 0; after < header.head;) {
    const page = storage.stored.page(after, PAGE).filter(({ position }) => position <= header.head);
    if (page.length === 0) break;
    after = page.at(-1)!.position;
    counted.events += page.length;
    yield `${page.map((event) => eventLine(header.anonymised ? anonymous(event) : event)).join('\n')}\n`;
    onProgress(after);
  }
  yield `${JSON.stringify({ end: counted } satisfies ExportEnd)}\n`;
}

function anonymous(event: StoredEvent): StoredEvent {
  const data = JSON.stringify(withoutClients(JSON.parse(event.data), () => true));
  const changed = { ...event, data };
  return { ...changed, checksum: event.checksum === null ? null : eventChecksum(changed) };
}
