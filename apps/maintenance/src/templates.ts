import type { EventStore } from '@rightsize/event-store';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import {
  quantile,
  type KnownTemplate,
  type RecentSample,
  type RequestOptimizedV1,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';
import { Option } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import { explainTemplate } from './explain-template.js';
import type { Finding } from './finding.js';

/** Events read at once. */
const PAGE = 1_000;

interface TemplateLine {
  readonly templateId: string;
  readonly model: string;
  readonly requests: number;
  /** Words of the static opening, 0 when the template is not known by one. */
  readonly openingWords: number;
  readonly segments: number;
  readonly promptTokens: Quantiles;
  readonly outputTokens: Quantiles;
  /** Windows that were chosen, by how often. */
  readonly windows: Readonly<Record<string, number>>;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

interface Quantiles {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

interface ModelLine {
  readonly model: string;
  readonly requests: number;
  /** Share of the requests that belonged to a template. */
  readonly hitRate: number;
}

export const templates: MaintenanceCommand = {
  usage: 'templates',
  summary: 'list the templates by use, with their sizes and windows',
  examples: ['templates --db rightsize.sqlite', 'templates --json', 'templates --explain body.json'],
  exits: { 0: 'the list, or the explanation, is complete' },
  options: [
    new Option('--explain <file>', "tell for a prompt (a request's body, or a text) which templates were considered"),
    new Option('--model <name>', 'the model that the prompt is for, where the file does not say'),
  ],
  run: ({ db, options: { explain, model } }) =>
    typeof explain === 'string'
      ? explainTemplate(db, explain, typeof model === 'string' ? model : null)
      : listTemplates(db),
};

/** Templates by use, with what is known of their sizes; and of each model how much of its traffic they are. */
export function listTemplates(file: string): Promise<Finding> {
  return withDatabase(file, async ({ store, readModels }) => {
    const { templates: statistics, knownTemplates: known } = new ReadModels();
    statistics.load(readModels.rows(statistics.name, statistics.version));
    known.load(readModels.rows(known.name, known.version));
    const { models, windows } = await readRequests(store);
    const living = [...known.values()].filter(({ mergedInto, evicted }) => mergedInto === null && !evicted);
    const lines = living
      .map((template) => lineOf(template, statistics.get(template.templateId), windows.get(template.templateId) ?? {}))
      .toSorted((a, b) => b.requests - a.requests || (a.templateId < b.templateId ? -1 : 1));
    const gone = {
      merged: [...known.values()].filter(({ mergedInto }) => mergedInto !== null).length,
      evicted: [...known.values()].filter(({ evicted }) => evicted).length,
    };
    return { text: textOf(lines, models, gone), json: { models, templates: lines, ...gone }, ok: true };
  });
}

function lineOf(
  { templateId, model, definition, atMs }: KnownTemplate,
  statistics: TemplateStatistics | null,
  windows: Readonly<Record<string, number>>,
): TemplateLine {
  return {
    templateId,
    model,
    requests: statistics?.requests ?? 0,
    openingWords: definition.opening?.words ?? 0,
    segments: definition.segments.length,
    promptTokens: quantilesOf(statistics?.prompts),
    outputTokens: quantilesOf(statistics?.outputs),
    windows,
    firstSeen: new Date(statistics?.firstSeenMs ?? atMs).toISOString(),
    lastSeen: new Date(statistics?.lastSeenMs ?? atMs).toISOString(),
  };
}

function quantilesOf(sample: RecentSample | undefined): Quantiles {
  const at = (q: number): number | null => (sample === undefined ? null : quantile(sample, q));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/** What no read model keeps: which windows a template's requests got, and how many requests had a template. */
async function readRequests(
  store: EventStore,
): Promise<{ models: readonly ModelLine[]; windows: ReadonlyMap<string, Readonly<Record<string, number>>> }> {
  const windows = new Map<string, Record<string, number>>();
  const counts = new Map<string, { requests: number; hits: number }>();
  for (let after = 0; ;) {
    const page = await store.readAll({ after, limit: PAGE, types: ['request.optimized'] });
    for (const event of page) {
      const { model, templateId, decision } = EVENT_UPCASTERS.upcast(event).data as RequestOptimizedV1;
      const count = counts.get(model) ?? { requests: 0, hits: 0 };
      counts.set(model, { requests: count.requests + 1, hits: count.hits + (templateId === null ? 0 : 1) });
      if (templateId === null || decision.numCtx === null) continue;
      const chosen = windows.get(templateId) ?? {};
      chosen[decision.numCtx] = (chosen[decision.numCtx] ?? 0) + 1;
      windows.set(templateId, chosen);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.position;
  }
  const models = [...counts].map(([model, { requests, hits }]) => ({ model, requests, hitRate: hits / requests }));
  return { models, windows };
}

function textOf(
  lines: readonly TemplateLine[],
  models: readonly ModelLine[],
  { merged, evicted }: { merged: number; evicted: number },
): string {
  const of = ({ p50, p90, p99 }: Quantiles): string => [p50, p90, p99].map((n) => n ?? '-').join(' / ');
  return [
    ...models.map(
      ({ model, requests, hitRate }) =>
        `${model}: ${requests} requests, ${(hitRate * 100).toFixed(1)} % of them of a known template`,
    ),
    ...lines.flatMap((line) => [
      `${line.templateId} of ${line.model}: ${line.requests} requests, ${line.firstSeen} to ${line.lastSeen}`,
      `  known by an opening of ${line.openingWords} words and ${line.segments} segments`,
      `  prompt tokens p50 / p90 / p99: ${of(line.promptTokens)}; answer tokens: ${of(line.outputTokens)}`,
      `  windows: ${windowsOf(line.windows)}`,
    ]),
    `${lines.length} templates; ${merged} were merged into others, ${evicted} forgotten to make room.`,
  ].join('\n');
}

function windowsOf(windows: Readonly<Record<string, number>>): string {
  const chosen = Object.entries(windows).toSorted((a, b) => b[1] - a[1]);
  return chosen.length === 0 ? 'none yet' : chosen.map(([window, times]) => `${window} (${times})`).join(', ');
}
