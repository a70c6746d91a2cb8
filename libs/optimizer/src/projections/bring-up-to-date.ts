import type { EventStore, ReadModelStore } from '@rightsize/event-store';
import { EVENT_UPCASTERS } from '../event-upcasters.js';
import type { DomainProjection } from './folded-rows.js';

const PAGE = 1_000;

/** Rows as they were committed, and what was appended since: for whoever reads them beside a running gateway. */
export async function bringUpToDate(
  projection: DomainProjection,
  store: EventStore,
  readModels: ReadModelStore,
): Promise<void> {
  const { name, version, types } = projection;
  let after = readModels.checkpoint(name, version);
  projection.load(readModels.rows(name, version));
  for (;;) {
    const page = await store.readAll({ after, limit: PAGE, types });
    for (const event of page) projection.apply(EVENT_UPCASTERS.upcast(event));
    if (page.length < PAGE) return;
    after = page.at(-1)!.position;
  }
}
