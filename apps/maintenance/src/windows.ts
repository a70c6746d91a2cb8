import { EVENT_UPCASTERS } from '@rightsize/optimizer';
import { WindowReport, windowInWords, type DomainEvent } from '@rightsize/optimizer-core';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';

/** Events read at once. */
const PAGE = 1_000;

const TYPES: readonly DomainEvent['type'][] = ['request.optimized', 'request.refused', 'request.completed'];

export const windows: MaintenanceCommand = {
  usage: 'windows',
  summary: 'what windows the requests of each model needed, and which they did not have',
  notes:
    'For servers that are started with one window (llama-server, vLLM): what to start them with. A request needs its prompt\n' +
    'and its answer; where the server refused or cut it, what was expected of it counts. Windows are multiples of 256.',
  examples: ['windows', 'windows --json'],
  exits: { 0: 'it was told' },
  run: ({ db, progress }) =>
    withDatabase(db, async ({ store }) => {
      const report = new WindowReport();
      const head = await store.head();
      progress.begin('reading', head);
      for (let after = 0; after < head;) {
        const page = await store.readAll({ after, limit: PAGE, types: TYPES });
        for (const event of page) {
          const { type, data } = EVENT_UPCASTERS.upcast(event);
          report.add({ type, data } as DomainEvent);
        }
        after = page.length < PAGE ? head : page.at(-1)!.position;
        progress.at(after);
      }
      progress.end();
      const lines = report.lines();
      const text = lines.map((line) => `${line.model}: ${windowInWords(line)}`).join('\n');
      return { text: text === '' ? 'Nothing was recorded yet.' : text, json: { models: lines }, ok: true };
    }),
};
