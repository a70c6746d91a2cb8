import { rebuildBeside, type RebuildBesideReport } from '@rightsize/event-store';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import { Option } from 'commander';
import type { Call, MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

export const rebuild: MaintenanceCommand = {
  usage: 'rebuild',
  summary: 'fold read models anew from the log, beside those in use, and switch to them',
  notes:
    'Compares what was in use with what the log gives, then switches in one transaction; a running gateway\n' +
    'loads the new rows with its next fold. Interrupted, it goes on where it was. Run by a newer version than\n' +
    'the gateway, it builds what that version needs, so that the gateway starts at once after its upgrade.',
  examples: ['rebuild --db rightsize.sqlite', 'rebuild --projection sizing-state', 'rebuild --dry-run --json'],
  exits: { 0: 'nothing was wrong with the rows in use', 1: 'rows differed from what the log gives; see the lines' },
  options: [new Option('--projection <name>', 'only this read model')],
  changes: true,
  run: rebuildReadModels,
};

function rebuildReadModels({ db, dryRun, options, progress }: Call): Promise<Finding> {
  return withDatabase(db, async ({ store, readModels }) => {
    const all = new ReadModels().all;
    const chosen = all.filter(({ name }) => options['projection'] === undefined || options['projection'] === name);
    if (chosen.length === 0) throw new Error(`no such read model; there are ${all.map(({ name }) => name).join(', ')}`);
    const reports: RebuildBesideReport[] = [];
    for (const projection of chosen) {
      let begun = false;
      const report = await rebuildBeside(store, readModels, projection, {
        upcasters: EVENT_UPCASTERS,
        dryRun,
        onProgress: (position, target) => {
          if (!begun) progress.begin(projection.name, target);
          begun = true;
          progress.at(position);
        },
      });
      progress.end();
      reports.push(report);
    }
    // Another version's rows may well differ: that is what the version is for.
    const wrong = reports.filter((report) => report.comparedWith === report.version && report.differences.length > 0);
    return { text: reports.flatMap(linesOf).join('\n'), json: { readModels: reports }, ok: wrong.length === 0 };
  });
}

function linesOf(report: RebuildBesideReport): readonly string[] {
  const { projection, version, from, rows, comparedWith, differences, switched } = report;
  const resumed = from > 0 ? `, from position ${from} on` : '';
  const compared =
    comparedWith === null
      ? 'there were none before'
      : `${differences.length} differ from those of v${comparedWith} in use`;
  return [
    `${projection} v${version}: ${rows} rows folded${resumed}; ${compared}; ${switched ? 'switched' : 'thrown away again'}`,
    ...differences.slice(0, 20).map(({ key, kind }) => `  row ${key}: ${kind}`),
    ...(differences.length > 20 ? [`  and ${differences.length - 20} more`] : []),
  ];
}
