/**
 * A process that records and folds as a gateway does, as fast as it can, until it is killed.
 *
 *   node crashes-load.js FILE SEED
 *
 * Prints `position id` of every event once it is acknowledged, and `!` when it has begun.
 */
import { writeSync } from 'node:fs';
import { ProjectionRunner } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import { randomFrom, requestEvents } from './store-traffic.js';

const APPENDERS = 4;
/** Milliseconds between two requests of an appender: enough for the log to be written all the time, and small files. */
const PAUSE_MS = 8;
const STDOUT = 1;

const [file, seed] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const storage = await openEventStorage({ file: file!, lockedAfterMs: 60_000, appendThread: true });
const runner = new ProjectionRunner(storage.store, storage.readModels, new ReadModels().all, {
  upcasters: EVENT_UPCASTERS,
  wakeDelayMs: 20,
  liveTurnMs: 0.5,
  commitDelayMs: 200,
});
await runner.start();
let serial = 0;

async function appendForever(): Promise<never> {
  for (;;) {
    serial += 1;
    const events = requestEvents(random, serial, Date.now());
    const result = await storage.store.append(`request-${events[0].id}`, events);
    if (result.kind === 'conflict') throw new Error('a new stream was in conflict');
    // Synchronous: what is printed was acknowledged, and what was acknowledged is printed next.
    writeSync(STDOUT, events.map(({ id }, i) => `${result.position - 1 + i} ${id}\n`).join(''));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

writeSync(STDOUT, '!\n');
await Promise.all(Array.from({ length: APPENDERS }, appendForever));
