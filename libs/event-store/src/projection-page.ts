import type { RecordedEvent } from './event.js';
import type { Projection, ReadModelStore } from './projection.js';
import type { Upcasters } from './upcasters.js';

/**
 * Folds one page and commits it: rows and checkpoint together. Events of types the projection does
 * not fold are not upcast, but the checkpoint moves past them. Returns the new checkpoint. When it
 * throws, nothing is committed and the projection must load again.
 */
export function foldPage(
  readModels: ReadModelStore,
  projection: Projection,
  types: ReadonlySet<string>,
  upcasters: Upcasters,
  batch: { readonly from: number; readonly page: readonly RecordedEvent[] },
): number {
  const { name, version } = projection;
  const to = batch.page.at(-1)?.position ?? batch.from;
  for (const event of batch.page) {
    if (types.has(event.type)) projection.apply(upcasters.upcast(event));
  }
  readModels.commit(name, version, batch.from, to, (writer) => projection.flush(writer));
  return to;
}
