import {
  applyPage,
  EventStoreError,
  skippedPositions,
  type Folding,
  type Projection,
  type Upcasters,
} from '@rightsize/event-store';
import type { EventStorage } from '../event-storage.js';
import { pause } from '../patient-writes.js';
import { snapshotOf, type SnapshotRows } from './snapshot-rows.js';

export interface RetainOptions {
  /** Events recorded before this are deleted, milliseconds since the epoch; null: age does not matter. */
  readonly cutoffMs: number | null;
  /** The oldest events are deleted until what the file holds is about so small; null: size does not matter. */
  readonly maxBytes: number | null;
  /** Types that are never deleted. @default none */
  readonly keepTypes?: readonly string[];
  readonly upcasters: Upcasters;
  readonly nowMs: number;
  /** Only tell. @default false */
  readonly dryRun?: boolean;
  readonly onProgress?: (what: 'fold' | 'delete', done: number, total: number) => void;
  /** Asked between steps: whoever ends the process may want to end this first. @default never */
  readonly stop?: () => boolean;
}

export interface RetainReport {
  /** The log began after this position, and begins after `to` now. */
  readonly from: number;
  readonly to: number;
  /** Where age and size would have put it. */
  readonly wanted: number;
  /** The projection that has not folded far enough; null when none holds back. */
  readonly heldBackBy: string | null;
  readonly deleted: number;
  readonly fileBytesBefore: number;
  readonly fileBytesAfter: number;
  readonly freeBytesAfter: number;
}

/** Events folded between two looks around. */
const FOLD_PAGE = 500;
/** Events deleted in one transaction: about two milliseconds of the write lock. */
const DELETE_EVENTS = 100;
/** Pages given back in one transaction. */
const VACUUM_PAGES = 64;
/** Milliseconds between two steps, in which others write. */
const REST_MS = 4;

/**
 * Folds the oldest events into a snapshot and deletes them. The snapshot counts from the moment the
 * floor moves, in the same transaction; deleting after that is cleaning up, which a later run finishes
 * when this one is killed. Events that a projection has yet to fold stay. `projections` must be fresh, and all there are.
 */
export async function retain(
  storage: EventStorage,
  projections: readonly Projection[],
  options: RetainOptions,
): Promise<RetainReport> {
  const { retention } = storage;
  refuseStrangers(storage, projections);
  const from = retention.floor();
  const before = retention.sizes();
  const wanted = Math.max(from, agedBy(storage, options), sizedBy(storage, options));
  const { position, heldBackBy } = foldedByAll(storage, projections, wanted);
  const to = Math.max(from, position);
  const report = { from, to, wanted, heldBackBy: to < wanted ? heldBackBy : null, fileBytesBefore: before.fileBytes };
  if (options.dryRun === true) {
    return { ...report, deleted: 0, fileBytesAfter: before.fileBytes, freeBytesAfter: before.freeBytes };
  }
  if (to > from) {
    const snapshots = await foldUpTo(storage, projections, { from, to }, options);
    if (snapshots === null || !(await retention.moveFloor(from, to, snapshots, options.nowMs))) {
      return { ...report, to: from, deleted: 0, fileBytesAfter: before.fileBytes, freeBytesAfter: before.freeBytes };
    }
  }
  const deleted = await deleteBelowFloor(storage, options, to - from);
  while (options.stop?.() !== true && (await retention.vacuumSome(VACUUM_PAGES))) await pause(REST_MS);
  const after = retention.sizes();
  return { ...report, deleted, fileBytesAfter: after.fileBytes, freeBytesAfter: after.freeBytes };
}

/** Rows that no given projection stands for would be lost with the events they come from. */
function refuseStrangers({ file, retention }: EventStorage, projections: readonly Projection[]): void {
  const versions = new Map(projections.map(({ name, version }) => [name, version]));
  for (const { projection, version } of retention.checkpoints()) {
    if (projection.includes('~')) continue;
    const known = versions.get(projection);
    if (known !== undefined && version <= known) continue;
    throw new EventStoreError(
      'schema',
      `database ${file} holds rows of projection ${projection} v${version}, which this program does not know: ` +
        'nothing is deleted; use the program that made them',
    );
  }
}

function agedBy({ retention }: EventStorage, { cutoffMs, nowMs }: RetainOptions): number {
  return cutoffMs === null ? 0 : retention.agedPosition(cutoffMs, nowMs);
}

function sizedBy({ retention }: EventStorage, { maxBytes }: RetainOptions): number {
  if (maxBytes === null) return 0;
  const { fileBytes, freeBytes } = retention.sizes();
  const excess = fileBytes - freeBytes - maxBytes;
  const events = retention.count();
  if (excess <= 0 || events === 0) return 0;
  return retention.floor() + Math.ceil((excess / (fileBytes - freeBytes)) * events);
}

function foldedByAll(
  { readModels }: EventStorage,
  projections: readonly Projection[],
  wanted: number,
): { readonly position: number; readonly heldBackBy: string | null } {
  let slowest: { position: number; heldBackBy: string | null } = { position: wanted, heldBackBy: null };
  for (const { name, version } of projections) {
    const position = readModels.checkpoint(name, version);
    if (position < slowest.position) slowest = { position, heldBackBy: name };
  }
  return slowest;
}

/** Null when it was stopped. */
async function foldUpTo(
  { store, readModels }: EventStorage,
  projections: readonly Projection[],
  { from, to }: { readonly from: number; readonly to: number },
  options: RetainOptions,
): Promise<readonly SnapshotRows[] | null> {
  const foldings = projections.map((projection): Folding => {
    const { name, version } = projection;
    const skipped = skippedPositions(readModels.parked, name, version);
    return { projection, types: new Set(projection.types), upcasters: options.upcasters, skipped };
  });
  const snapshots = projections.map(({ name, version }) =>
    snapshotOf(name, version, readModels.base(name, version).rows),
  );
  projections.forEach((projection, i) => projection.load(snapshots[i]!.rows));
  for (let position = from; position < to;) {
    if (options.stop?.() === true) return null;
    const page = await store.readAll({ after: position, limit: Math.min(FOLD_PAGE, to - position) });
    const due = page.filter((event) => event.position <= to);
    for (const folding of foldings) applyPage(folding, due);
    position = page.at(-1)?.position ?? to;
    options.onProgress?.('fold', Math.min(position, to) - from, to - from);
    await pause(0);
  }
  projections.forEach((projection, i) => projection.flush(snapshots[i]!));
  return snapshots;
}

async function deleteBelowFloor(
  { retention }: EventStorage,
  options: RetainOptions,
  expected: number,
): Promise<number> {
  const { keepTypes = [], onProgress } = options;
  let deleted = 0;
  while (options.stop?.() !== true) {
    const some = await retention.deleteSome(DELETE_EVENTS, keepTypes);
    deleted += some;
    onProgress?.('delete', deleted, Math.max(deleted, expected));
    if (some < DELETE_EVENTS) break;
    await pause(REST_MS);
  }
  return deleted;
}
