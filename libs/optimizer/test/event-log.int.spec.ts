import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { DomainEvent, TrafficEvent } from '@rightsize/optimizer-core';
import Database from 'better-sqlite3';
import { EventLog } from '../src/event-log.js';
import { ReadModels } from '../src/index.js';
import { WaitingEvents } from '../src/waiting-events.js';

const golden = (type: string): TrafficEvent =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${type}.v1.json`, import.meta.url), 'utf8')) as TrafficEvent;
const OPTIMIZED = golden('request.optimized');
const COMPLETED = golden('request.completed');

let folder: string;
let file: string;
let log: EventLog;
let readModels: ReadModels;

beforeEach(async () => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'rightsize-event-log-'));
  file = join(folder, 'log.sqlite');
  readModels = new ReadModels();
  const bus = { publish: () => undefined };
  log = new EventLog(
    () => openEventStorage({ file, lockedAfterMs: 30 }),
    readModels,
    bus,
    new WaitingEvents({ sampleFrom: 40, sample: 4, capacity: 500 }),
  );
  await log.open();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function record(requests: number): void {
  for (let i = 0; i < requests; i += 1) {
    log.record(`request-${i}`, { ...OPTIMIZED, data: { ...OPTIMIZED.data, requestId: `${i}` } } as DomainEvent, {});
    log.record(`request-${i}`, { ...COMPLETED, data: { ...COMPLETED.data, requestId: `${i}` } } as DomainEvent, {});
  }
}

async function stored(): Promise<Record<string, number>> {
  const { store, close } = await openEventStorage({ file });
  const events = await store.readAll({ after: 0, limit: 10_000 });
  await close();
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** As a disk that takes nothing for a while: another process holds the lock. */
function hold(): () => void {
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  return () => void other.close();
}

describe('the log on a disk that is slower than the traffic', () => {
  it('leaves out decisions, keeps what became of every request, and health says so', async () => {
    const release = hold();
    record(150);
    expect(log.progress.queued).toBeGreaterThan(150);
    expect(log.progress.droppedDecisions).toBeGreaterThan(50);
    expect(log.problems.join()).toMatch(/\d+ decisions were not recorded: the disk is slower than the traffic/);
    // Until the store gives up, its appends have been refused; what was refused is made again.
    await log.settled();
    expect(log.problems.join()).toContain('is locked by another process');
    release();
    await recovered();

    const { droppedDecisions } = log.progress;
    expect(await stored()).toEqual({ 'request.completed': 150, 'request.optimized': 150 - droppedDecisions });
    expect(log.progress).toMatchObject({ queued: 0, lost: 0, lag: 0 });
    expect(readModels.models.get(COMPLETED.data.model ?? '')).toMatchObject({ completions: 150 });
    expect(log.problems.join()).not.toContain('locked');
  });

  it('counts what is lost for good when it is closed before the disk comes back', async () => {
    const release = hold();
    record(10);
    await log.close();
    release();

    expect(log.progress).toMatchObject({ lost: 10, droppedDecisions: 10, queued: 0 });
    expect(await stored()).toEqual({});
  });

  it('drops nothing while the disk keeps up', async () => {
    for (let i = 0; i < 5; i += 1) {
      record(15);
      await log.settled();
    }

    expect(log.progress).toMatchObject({ queued: 0, lost: 0, droppedDecisions: 0 });
    expect(log.problems).toEqual([]);
  });
});

/** The log looks again by itself, after a pause. */
async function recovered(): Promise<void> {
  while (log.progress.queued > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    await log.settled();
  }
}

describe('the state of the read models', () => {
  it('is told in numbers, one by one', async () => {
    record(3);
    await log.settled();

    const { projections, position, lag } = log.progress;
    expect({ position, lag }).toEqual({ position: 6, lag: 0 });
    expect(projections.map(({ name }) => name)).toEqual(new ReadModels().all.map(({ name }) => name));
    expect(projections).toEqual(
      projections.map(({ name, version }) => ({ name, version, position: 6, lag: 0, state: 'live', parkedAt: null })),
    );
  });
});
