import { retain as retainLog, type RetainReport } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, KEPT_FOR_GOOD, ReadModels } from '@rightsize/optimizer';
import { InvalidArgumentError, Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

export const retain: MaintenanceCommand = {
  usage: 'retain',
  summary: 'fold old events into a snapshot, delete them, and give their room back',
  notes:
    'Read models keep what they have learnt from deleted events; replays, retraining and what-if begin where the\n' +
    'log now begins. Events that a read model has yet to fold stay, and so do those about policies. Appends of a\n' +
    'running gateway go on meanwhile, except with --vacuum.',
  examples: ['retain --days 90', 'retain --days 90 --max-mib 500 --dry-run', 'retain --days 90 --vacuum'],
  exits: { 0: 'the log holds what was asked for', 1: 'a read model that has not folded far enough keeps older events' },
  options: [
    new Option('--days <n>', 'keep events of the last so many days').argParser(notNegative),
    new Option('--max-mib <n>', 'delete the oldest events beyond about so many MiB').argParser(notNegative),
    new Option('--vacuum', 'write the whole file anew in the end; others wait until it is done').default(false),
  ],
  changes: true,
  run: retainEvents,
};

function retainEvents({ db, dryRun, options, progress }: Call): Promise<Finding> {
  const days = options['days'] as number | undefined;
  const maxMib = options['maxMib'] as number | undefined;
  if (days === undefined && maxMib === undefined) throw new Error('say what to keep: --days, --max-mib or both');
  return withDatabase(db, async (storage) => {
    const nowMs = Date.now();
    let shown = '';
    const report = await retainLog(storage, new ReadModels().all, {
      cutoffMs: days === undefined ? null : nowMs - days * DAY_MS,
      maxBytes: maxMib === undefined ? null : maxMib * MIB,
      keepTypes: KEPT_FOR_GOOD,
      upcasters: EVENT_UPCASTERS,
      nowMs,
      dryRun,
      onProgress: (what, done, total) => {
        if (what !== shown) progress.begin(what, total);
        shown = what;
        progress.at(done);
      },
    });
    progress.end();
    if (options['vacuum'] === true && !dryRun) storage.retention.vacuumWhole();
    const { fileBytes } = storage.retention.sizes();
    const shrinks = storage.retention.shrinks;
    return {
      text: textOf(report, { dryRun, fileBytes, shrinks }),
      json: { ...report, fileBytes },
      ok: report.heldBackBy === null,
    };
  });
}

function textOf(
  { from, to, wanted, heldBackBy, deleted, fileBytesBefore }: RetainReport,
  { dryRun, fileBytes, shrinks }: { dryRun: boolean; fileBytes: number; shrinks: boolean },
): string {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  const events = dryRun ? `about ${to - from} events would be deleted` : `${deleted} events deleted`;
  const lines = [`The log begins after position ${to}${to === from ? ', as before' : ` (${from} before)`}: ${events}.`];
  if (heldBackBy !== null) {
    lines.push(
      `Events up to ${wanted} could go, but ${heldBackBy} has not folded them: start the gateway, or rebuild.`,
    );
  }
  if (!dryRun) lines.push(`The file has ${mib(fileBytes)}, ${mib(fileBytesBefore)} before.`);
  if (!shrinks && !dryRun)
    lines.push('It uses free room again, but gives none back to the disk until --vacuum was used once.');
  return lines.join('\n');
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('not a number of 0 or more');
  return value;
}
