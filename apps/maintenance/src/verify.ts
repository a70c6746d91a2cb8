import { PoisonEventError, verifyReadModels, type ReadModelDifference } from '@rightsize/event-store';
import type { LogInspection } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

export const verify: MaintenanceCommand = {
  usage: 'verify',
  summary: 'check the file, every event, every checkpoint, and read models against a rebuild',
  notes:
    "SQLite's own check of the file; positions and versions without gaps; the checksum of every event; types and\n" +
    'versions that this program can read; checkpoints within the log; and every stored row against what the log\n' +
    'gives when it is folded anew (from the snapshot on, where retention has deleted the beginning).',
  examples: ['verify --db rightsize.sqlite', 'verify --json'],
  exits: { 0: 'the log is whole and every read model equals a rebuild', 1: 'something is wrong; the lines say what' },
  run: verifyDatabase,
};

function verifyDatabase({ db, progress }: Call): Promise<Finding> {
  return withDatabase(db, async ({ store, readModels, inspector }) => {
    progress.begin('events', await store.head());
    const log = await inspector.inspect((position) => progress.at(position));
    const projections = new ReadModels().all;
    progress.begin('read models', log.head * projections.length);
    const differences: ReadModelDifference[] = [];
    const unfoldable: string[] = [];
    for (const [i, projection] of projections.entries()) {
      const onProgress = (position: number): void => progress.at(i * log.head + position);
      const options = { upcasters: EVENT_UPCASTERS, onProgress };
      try {
        differences.push(...(await verifyReadModels(store, readModels, [projection], options)));
      } catch (error) {
        if (!(error instanceof PoisonEventError)) throw error;
        unfoldable.push(`${projection.name} v${projection.version} ${error.message}`);
      }
    }
    progress.end();
    const standing = new ReadModels().all.map(({ name, version }) => ({
      name,
      version,
      checkpoint: readModels.checkpoint(name, version),
      rows: [...readModels.rows(name, version)].length,
      waitsAt: readModels.parked.list(name, version).find(({ skipped }) => !skipped)?.position ?? null,
    }));
    const problems = [...log.problems, ...unreadable(log), ...unfoldable];
    const ok = problems.length === 0 && differences.length === 0;
    const text = linesOf(db, { ...log, problems }, standing, differences).join('\n');
    return { text, json: { ...log, problems, projections: standing, differences }, ok };
  });
}

/** What a newer program has written, and a projection of this one would stop at. */
function unreadable({ byType }: LogInspection): readonly string[] {
  return Object.entries(byType).flatMap(([type, { events, versions }]) => {
    const current = EVENT_UPCASTERS.currentVersion(type);
    if (current === undefined) return [`${events} events of type ${type}, which this program does not know`];
    return versions
      .filter((version) => version > current)
      .map((version) => `events of type ${type} in version ${version}; this program knows up to ${current}`);
  });
}

interface Standing {
  readonly name: string;
  readonly version: number;
  readonly checkpoint: number;
  readonly rows: number;
  readonly waitsAt: number | null;
}

function linesOf(
  file: string,
  { floor, head, events, belowFloor, withoutChecksum, problems }: LogInspection,
  standing: readonly Standing[],
  differences: readonly ReadModelDifference[],
): readonly string[] {
  const begins = floor === 0 ? '' : `, the log begins after ${floor}`;
  const below = belowFloor === 0 ? '' : `, ${belowFloor} events before that are kept or not deleted yet`;
  const unchecked = withoutChecksum === 0 ? '' : `, ${withoutChecksum} of them older than checksums`;
  return [
    `${file}: ${events} events${unchecked}, the last at ${head}${begins}${below}`,
    ...standing.map(
      (p) => `  ${p.name} v${p.version}: ${p.rows} rows, folded up to ${p.checkpoint}${standingOf(p, head)}`,
    ),
    ...problems.map((problem) => `  ${problem}`),
    ...differences.map((d) => `  ${d.projection} v${d.version}, row ${d.key}: ${d.kind}`),
    problems.length === 0 ? 'The log is whole.' : `${problems.length} things are wrong with the log.`,
    differences.length === 0
      ? 'The read models equal a rebuild from the log.'
      : `${differences.length} rows differ from a rebuild.`,
  ];
}

function standingOf({ checkpoint, waitsAt }: Standing, head: number): string {
  if (waitsAt !== null && waitsAt > checkpoint) return `, waits at ${waitsAt} (see: parked)`;
  return checkpoint < head ? `, ${head - checkpoint} behind` : '';
}
