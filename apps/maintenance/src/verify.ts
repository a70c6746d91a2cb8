import { verifyReadModels } from '@rightsize/event-store';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

/** Compares every stored row with what the log gives when it is folded anew. */
export function verify(file: string): Promise<Finding> {
  return withDatabase(file, async ({ store, readModels }) => {
    const projections = new ReadModels().all;
    const head = await store.head();
    const differences = await verifyReadModels(store, readModels, projections, { upcasters: EVENT_UPCASTERS });
    const standing = projections.map(({ name, version }) => ({
      name,
      version,
      checkpoint: readModels.checkpoint(name, version),
      rows: [...readModels.rows(name, version)].length,
    }));
    const lines = [
      `${file}: ${head} events`,
      ...standing.map(
        (p) =>
          `  ${p.name} v${p.version}: ${p.rows} rows, folded up to ${p.checkpoint}${p.checkpoint < head ? `, ${head - p.checkpoint} behind` : ''}`,
      ),
      ...differences.map((d) => `  ${d.projection} v${d.version}, row ${d.key}: ${d.kind}`),
      differences.length === 0
        ? 'The read models equal a rebuild from the log.'
        : `${differences.length} rows differ from a rebuild.`,
    ];
    return { text: lines.join('\n'), json: { head, projections: standing, differences }, ok: differences.length === 0 };
  });
}
