/**
 * A process that appends and folds, to be killed or to share a file with another.
 *
 *   node appending-process.mjs FILE STREAM APPENDS [thread]
 *
 * Prints the ids of each append's events once it is acknowledged, one id to a line. Its projection
 * is that of counting-projection.ts in plain JavaScript.
 */
import { randomUUID } from 'node:crypto';
import { ProjectionRunner } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';

const [file, stream, appends, where] = process.argv.slice(2);
const APPENDERS = 8;

const counts = new Map();
const changed = new Set();
const counting = {
  name: 'counting',
  version: 1,
  types: ['sample'],
  load(rows) {
    counts.clear();
    changed.clear();
    for (const [key, row] of rows) counts.set(key, row.count);
  },
  apply(event) {
    counts.set(event.stream, (counts.get(event.stream) ?? 0) + 1);
    changed.add(event.stream);
  },
  flush(writer) {
    for (const key of changed) writer.put(key, { count: counts.get(key) });
    changed.clear();
  },
};

const storage = await openEventStorage({ file, appendThread: where === 'thread' });
const runner = new ProjectionRunner(storage.store, storage.readModels, [counting], { pageSize: 16 });
void runner.start();

let left = Number(appends);
async function appendUntilDone(appender) {
  while (left > 0) {
    left -= 1;
    const events = Array.from({ length: 1 + (left % 3) }, () => ({
      id: randomUUID(),
      type: 'sample',
      schemaVersion: 1,
      data: { appender, text: 'x'.repeat(300) },
      metadata: {},
    }));
    const result = await storage.store.append(`${stream}-${appender % 3}`, events);
    // Synchronous for a pipe: what is printed was acknowledged, and what was acknowledged is printed next.
    if (result.kind === 'appended') process.stdout.write(events.map(({ id }) => `${id}\n`).join(''));
  }
}

await Promise.all(Array.from({ length: APPENDERS }, (_, appender) => appendUntilDone(appender)));
await runner.waitFor(await storage.store.head());
await runner.stop();
await storage.close();
