import { ProjectionRunner, verifyReadModels } from '@rightsize/event-store';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { ModelStatistics } from '@rightsize/optimizer-core';

/** What a file looks like after a kill, and what is wrong with it. */
export interface Examination {
  readonly head: number;
  readonly floor: number;
  /** Events below the floor that retention had not yet deleted. */
  readonly belowFloor: number;
  /** Rows of a rebuild that was killed. */
  readonly unfinishedRebuilds: number;
  readonly problems: readonly string[];
}

const PAGE = 5_000;

/** Opens the file as a restart would, and checks everything that must hold; then folds to the end and checks again. */
export async function examine(file: string, acknowledged: ReadonlyMap<string, number>): Promise<Examination> {
  const storage = await openEventStorage({ file });
  try {
    const log = await storage.inspector.inspect();
    const problems = [...log.problems, ...(await missing(storage, acknowledged, log.floor))];
    problems.push(...(await differing(storage, 'as it was left')));
    const unfinishedRebuilds = storage.retention
      .checkpoints()
      .filter(({ projection }) => projection.includes('~')).length;
    await foldToTheEnd(storage);
    problems.push(...(await differing(storage, 'folded to the end')), ...countedTwice(storage, log.head, log.byType));
    return { head: log.head, floor: log.floor, belowFloor: log.belowFloor, unfinishedRebuilds, problems };
  } finally {
    await storage.close();
  }
}

async function missing(
  { stored }: EventStorage,
  acknowledged: ReadonlyMap<string, number>,
  floor: number,
): Promise<readonly string[]> {
  const positions = new Map<string, number>();
  for (let after = 0; ;) {
    const page = stored.page(after, PAGE);
    for (const { id, position } of page) positions.set(id, position);
    if (page.length < PAGE) break;
    after = page.at(-1)!.position;
  }
  const lost = [...acknowledged].filter(([id, position]) => position > floor && positions.get(id) !== position);
  return lost.slice(0, 3).map(([id, position]) => `acknowledged event ${id} is not at ${position}`);
}

async function differing({ store, readModels }: EventStorage, when: string): Promise<readonly string[]> {
  const options = { upcasters: EVENT_UPCASTERS };
  const found = await verifyReadModels(store, readModels, new ReadModels().all, options);
  return found.slice(0, 3).map(({ projection, key, kind }) => `${when}, row ${key} of ${projection} is ${kind}`);
}

async function foldToTheEnd({ store, readModels }: EventStorage): Promise<void> {
  const runner = new ProjectionRunner(store, readModels, new ReadModels().all, {
    upcasters: EVENT_UPCASTERS,
    pollMs: 0,
  });
  await runner.start();
  await runner.stop();
}

/** Independent of any fold anew: positions count events, deleted ones too, and each request has two. */
function countedTwice(
  { readModels }: EventStorage,
  head: number,
  byType: Readonly<Record<string, { readonly events: number }>>,
): readonly string[] {
  const { models } = new ReadModels();
  const rows = [...readModels.rows(models.name, models.version)].map(([, row]) => row as ModelStatistics);
  const counted = rows.reduce((sum, { completions }) => sum + completions, 0);
  const others = Object.entries(byType).reduce(
    (sum, [type, { events }]) => sum + (type.startsWith('request.') ? 0 : events),
    0,
  );
  const happened = (head - others) / 2;
  return counted === happened ? [] : [`${counted} completions are counted, and ${happened} happened`];
}
