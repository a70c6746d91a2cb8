import type { RecordedEvent } from './event.js';
import { PoisonEventError } from './parked-events.js';
import type { Projection, ReadModelStore } from './projection.js';
import type { Upcasters } from './upcasters.js';

/** What stays the same from page to page. */
export interface Folding {
  readonly projection: Projection;
  readonly types: ReadonlySet<string>;
  readonly upcasters: Upcasters;
  /** Positions of parked events that the projection goes on without. */
  readonly skipped: ReadonlySet<number>;
}

/**
 * Folds one page into memory. Events of types the projection does not fold are not upcast. Returns how many
 * events it has come past: fewer than all once `untilMs` on the monotonic clock has passed, at least one. Throws a
 * {@link PoisonEventError} at the event that cannot be folded; memory then holds what came before it.
 */
export function applyPage(folding: Folding, page: readonly RecordedEvent[], untilMs = Infinity): number {
  const { projection, types, upcasters, skipped } = folding;
  let done = 0;
  for (const event of page) {
    done += 1;
    if (!types.has(event.type) || skipped.has(event.position)) continue;
    try {
      projection.apply(upcasters.upcast(event));
    } catch (thrown) {
      throw new PoisonEventError(event, thrown);
    }
    if (performance.now() > untilMs) break;
  }
  return done;
}

/**
 * Folds one page and commits it: rows and checkpoint together; the checkpoint moves past events of
 * other types. Returns the new checkpoint. When it throws, nothing is committed and the projection
 * must load again.
 */
export function foldPage(
  readModels: ReadModelStore,
  folding: Folding,
  batch: { readonly from: number; readonly page: readonly RecordedEvent[] },
): number {
  const { name, version } = folding.projection;
  const to = batch.page.at(-1)?.position ?? batch.from;
  applyPage(folding, batch.page);
  readModels.commit(name, version, batch.from, to, (writer) => folding.projection.flush(writer));
  return to;
}
