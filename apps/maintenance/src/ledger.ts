import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { LedgerDimension, LedgerLine, LedgerReport } from '@rightsize/optimizer-core';
import { Option } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';

const DIMENSIONS: readonly LedgerDimension[] = ['model', 'client', 'template', 'day'];

/** Events read at once. */
const PAGE = 1_000;

export const ledger: MaintenanceCommand = {
  usage: 'ledger',
  summary: 'what was saved: measured, against what the clients would have done by themselves',
  notes:
    'Measured is what was observed. "As sent" replays what each client sent by the rules of the server: another num_ctx\n' +
    'than the loaded one reloads (window-differs), none at all reloads a runner that was asked for by name\n' +
    '(default-differs); a prompt of at least the window is cut, an answer that reaches beyond it is shifted. Reloads as\n' +
    'sent are priced at the mean of the loads that were seen; the default window is that of the setting server-window\n' +
    "or of the model's own num_ctx, where they were known at the time, else 4,096 tokens. In shadow mode\n" +
    'the clients do what they sent: there, "as sent" is the prediction and measured is what came of it.',
  examples: ['ledger', 'ledger --by client', 'ledger --by day --json'],
  exits: { 0: 'it was told' },
  options: [new Option('--by <what>', 'lines for each').choices(DIMENSIONS).default('model')],
  run: ({ db, options }) =>
    withDatabase(db, async ({ store, readModels }) => {
      const { ledger: rows } = new ReadModels();
      rows.load(readModels.rows(rows.name, rows.version));
      for (let after = readModels.checkpoint(rows.name, rows.version); ;) {
        const page = await store.readAll({ after, limit: PAGE, types: rows.types });
        for (const event of page) rows.apply(EVENT_UPCASTERS.upcast(event));
        if (page.length < PAGE) break;
        after = page.at(-1)!.position;
      }
      const report = rows.report(options['by'] as LedgerDimension);
      return { text: textOf(report), json: report, ok: true };
    }),
};

function textOf({ by, active, shadow }: LedgerReport): string {
  if (active.length + shadow.length === 0) return 'Nothing was recorded yet.';
  return [
    ...(active.length === 0 ? [] : [`By ${by}: measured / as sent`, ...table(active), ...rulesOf(active)]),
    ...(shadow.length === 0 ? [] : [`Shadow mode, by ${by}: measured / predicted`, ...table(shadow)]),
  ].join('\n');
}

const COLUMNS = ['requests', 'reloads', 'load s', 'cut', 'shifted', 'GiB-hours'] as const;

function table(lines: readonly LedgerLine[]): string[] {
  const width = Math.max(8, ...lines.map(({ of }) => (of ?? 'unknown').length)) + 2;
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(18)).join('')}`;
  return [
    row('', COLUMNS),
    ...lines.map(({ of, requests, measured, asSent }) =>
      row(of ?? 'unknown', [
        String(requests),
        `${measured.reloads} / ${asSent.reloads}`,
        `${measured.loadSeconds.toFixed(1)} / ${asSent.loadSeconds.toFixed(1)}`,
        `${measured.cuts} / ${asSent.cuts}`,
        `${measured.shifts} / ${asSent.shifts}`,
        `${measured.gibHours.toPrecision(2)} / ${asSent.gibHours.toPrecision(2)}`,
      ]),
    ),
  ];
}

/** Avoided, with the rule that says so. */
function rulesOf(lines: readonly LedgerLine[]): string[] {
  const sum = (of: (line: LedgerLine) => number): number => lines.reduce((total, line) => total + of(line), 0);
  const reloads = sum(({ measured, asSent }) => asSent.reloads - measured.reloads);
  const seconds = sum(({ measured, asSent }) => asSent.loadSeconds - measured.loadSeconds);
  const short = sum(({ measured, asSent }) => asSent.cuts + asSent.shifts - measured.cuts - measured.shifts);
  return [
    `Avoided: ${reloads} reloads (as sent: ${sum((line) => line.byRule['window-differs'])} by window-differs, ${sum((line) => line.byRule['default-differs'])} by default-differs), about ${seconds.toFixed(0)} s of loading;`,
    `  ${short} prompts cut or answers shifted (as sent, ${sum((line) => line.byRule.shortInDefault)} of them in the server's default window).`,
    `${sum(({ uncertain }) => uncertain)} requests were cancelled, failed or cut: what would have become of them is not told.`,
  ];
}
