import { writeFileSync } from 'node:fs';

import { Command } from 'commander';

import { readCorpus } from './templates-corpus.js';
import { detectAll, type Scored } from './templates-run.js';
import { detectAmong } from './templates-synthetic.js';
import { falseMatches } from './templates-variants.js';

interface Options {
  readonly corpus?: string;
  readonly out?: string;
  readonly variants?: true;
  readonly synthetic?: string;
  readonly json?: true;
}

function run(options: Options): void {
  const figures: Record<string, number> = {};
  if (options.corpus !== undefined) {
    const prompts = readCorpus(options.corpus);
    const results = detectAll(prompts);
    if (options.out !== undefined)
      writeFileSync(options.out, results.map((one) => `${JSON.stringify(one)}\n`).join(''));
    Object.assign(figures, summarise(results));
    if (options.variants === true) Object.assign(figures, falseMatches(prompts));
  }
  if (options.synthetic !== undefined) {
    const templates = Number(options.synthetic);
    if (!Number.isInteger(templates) || templates < 1) throw new Error('--synthetic wants a number of templates');
    Object.assign(figures, { 'templates known': templates }, timing(detectAmong(templates), 'among them: '));
  }
  print(figures, options.json === true);
}

function summarise(results: readonly Scored[]): Record<string, number> {
  const clusters = results.flatMap(({ cluster_id }) => (cluster_id === null ? [] : [cluster_id]));
  return {
    prompts: results.length,
    labels: new Set(results.map(({ template_id }) => template_id)).size,
    clusters: new Set(clusters).size,
    matched: results.filter(({ matched }) => matched).length,
    'nothing to read': results.length - clusters.length,
    'unique matched': results.filter(({ unique, matched }) => unique && matched).length,
    ...timing(
      results.map(({ ms }) => ms),
      '',
    ),
  };
}

function timing(ms: readonly number[], prefix: string): Record<string, number> {
  const times = ms.toSorted((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return {
    [`${prefix}mean ms`]: times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length),
    [`${prefix}p50 ms`]: at(0.5),
    [`${prefix}p99 ms`]: at(0.99),
    [`${prefix}max ms`]: at(1),
  };
}

function print(figures: Record<string, number>, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(figures));
    return;
  }
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(34)}${(Number.isInteger(value) ? String(value) : value.toFixed(4)).padStart(12)}`);
  }
}

const program = new Command('bench:templates')
  .description('Runs template detection over a labelled corpus, online and in stream order')
  .option('--corpus <file>', 'JSON lines with template_id and prompt or messages, gzipped or plain')
  .option('--out <file>', 'where to write one result a prompt, for a scorer')
  .option('--variants', 'also send the prompts of no template in other ways, and count what matches')
  .option('--synthetic <templates>', 'time detection when so many templates are known')
  .option('--json', 'print the figures as JSON')
  .action((options: Options) => run(options));

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
