import { verifyReadModels } from '@rightsize/event-store';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

export const verify: MaintenanceCommand = {
  usage: 'verify',
  summary: 'fold the whole log anew and compare with the stored read models',
  examples: ['verify --db rightsize.sqlite', 'verify --json'],
  exits: { 0: 'the log is whole and every read model equals a rebuild', 1: 'something is wrong; the lines say what' },
  run: ({ db }) => verifyDatabase(db),
};

/** Compares every stored row with what the log gives when it is folded anew. */
export function verifyDatabase(file: string): Promise<Finding> {
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
