import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  eventChecksum,
  openEventStorage,
  type EventStorage,
  type SnapshotRow,
  type StoredEvent,
} from '@rightsize/event-store-sqlite';
import type { Call, MaintenanceCommand } from './command.js';
import { parseLine, type ExportEnd, type ExportHeader } from './export-format.js';
import type { Finding } from './finding.js';

/** Events written in one transaction. */
const PAGE = 500;

export const importLog: MaintenanceCommand = {
  usage: 'import <file>',
  summary: 'read an exported log into a new database',
  notes: 'Interrupted, it can be repeated. Read models are folded by the next start of a gateway, or by rebuild.',
  examples: ['import log.ndjson --db copy.sqlite', 'import log.ndjson --db copy.sqlite --dry-run'],
  exits: { 0: 'every event of the file is in the database, or with --dry-run: can be' },
  changes: true,
  run: readExport,
};

async function readExport({ db, dryRun, args: [file], progress }: Call): Promise<Finding> {
  progress.begin('bytes', (await stat(file!)).size);
  const storage = dryRun ? null : await openEventStorage({ file: db });
  try {
    const { events, written } = await readAll(file!, storage, (bytes) => progress.at(bytes));
    progress.end();
    const done = dryRun
      ? `${events} events can be imported`
      : `${written} events imported, ${events - written} were there`;
    return { text: `${file}: ${done}.`, json: { file, events, written, dryRun }, ok: true };
  } finally {
    await storage?.close();
  }
}

async function readAll(
  file: string,
  storage: EventStorage | null,
  onProgress: (bytes: number) => void,
): Promise<{ readonly events: number; readonly written: number }> {
  const input = createReadStream(file);
  const page: StoredEvent[] = [];
  const snapshot: SnapshotRow[] = [];
  let header: ExportHeader | null = null;
  let end: ExportEnd['end'] | null = null;
  let [number, events, written, begun] = [0, 0, 0, false];
  const flush = async (): Promise<void> => {
    if (header === null) throw new Error(`${file} does not begin with the header of an export`);
    if (!begun) await storage?.imported.begin(header.floor, snapshot, Date.now());
    begun = true;
    written += (await storage?.imported.put(page)) ?? 0;
    events += page.length;
    page.length = 0;
    onProgress(input.bytesRead);
  };
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (text === '') continue;
    const line = parseLine(text, number);
    if (line.kind === 'header') header = line.header;
    else if (line.kind === 'snapshot') snapshot.push(line.row);
    else if (line.kind === 'end') end = line.end;
    else page.push(checked(line.event, number));
    if (page.length >= PAGE) await flush();
  }
  await flush();
  if (end?.events !== events || end.snapshotRows !== snapshot.length) {
    throw new Error(`${file} was cut off after ${events} events: export it again, then repeat the import`);
  }
  return { events, written };
}

function checked(event: StoredEvent, number: number): StoredEvent {
  if (event.checksum === null || event.checksum === eventChecksum(event)) return event;
  throw new Error(`line ${number}: event ${event.id} is not what was exported; its checksum does not fit`);
}
