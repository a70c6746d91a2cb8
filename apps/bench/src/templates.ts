import { writeFileSync } from 'node:fs';

import { Command, Option } from 'commander';

import { readCorpus, type CorpusPrompt } from './templates-corpus.js';
import { detectAll, type Scored } from './templates-run.js';
import { PERTURBATIONS } from './templates-perturbed.js';
import { judge, scoreOf, type TemplateScore } from './templates-score.js';
import { detectAmong } from './templates-synthetic.js';
import { falseMatches } from './templates-variants.js';

interface Options {
  readonly corpus?: string;
  readonly out?: string;
  readonly by?: 'kind' | 'source';
  readonly perturb?: true;
  readonly variants?: true;
  readonly synthetic?: string;
  readonly json?: true;
}

function run(options: Options): void {
  const figures: Record<string, unknown> = {};
  if (options.corpus !== undefined) {
    const prompts = readCorpus(options.corpus);
    const results = detectAll(prompts);
    if (options.out !== undefined)
      writeFileSync(options.out, results.map((one) => `${JSON.stringify(one)}\n`).join(''));
    Object.assign(figures, summarise(results));
    const scores = { all: scoreOf(judge(results)), ...scoresBy(options.by, prompts, results) };
    const perturbed = options.perturb === true ? perturbedScores(prompts) : {};
    if (options.json === true) Object.assign(figures, { scores, perturbed });
    else printScores({ ...scores, ...perturbed });
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

/** The whole stream is judged, each group of it scored: a source sees what all others have left behind. */
function scoresBy(
  by: Options['by'],
  prompts: readonly CorpusPrompt[],
  results: readonly Scored[],
): Record<string, TemplateScore> {
  if (by === undefined) return {};
  const nameOf = (index: number): string => prompts[index]![by];
  const judged = judge(results);
  const names = [...new Set(prompts.map((prompt) => prompt[by]))].toSorted();
  return Object.fromEntries(names.map((name) => [name, scoreOf(judged.filter((_, index) => nameOf(index) === name))]));
}

function perturbedScores(prompts: readonly CorpusPrompt[]): Record<string, TemplateScore> {
  return Object.fromEntries(
    PERTURBATIONS.map(({ name, apply }) => [name, scoreOf(judge(detectAll(apply(prompts))))] as const),
  );
}

function printScores(scores: Readonly<Record<string, TemplateScore>>): void {
  console.log(
    ['', 'detect', 'wrong', 'false', 'pair F1'].map((cell, i) => (i === 0 ? cell.padEnd(52) : cell)).join('\t'),
  );
  for (const [name, { detect, wrong, falseMatch, pairF1 }] of Object.entries(scores)) {
    const cells = [detect, wrong, falseMatch, pairF1].map((share) => share.toFixed(4));
    console.log([name.padEnd(52), ...cells].join('\t'));
  }
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

function print(figures: Readonly<Record<string, unknown>>, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(figures));
    return;
  }
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value !== 'number') continue;
    console.log(`${name.padEnd(34)}${(Number.isInteger(value) ? String(value) : value.toFixed(4)).padStart(12)}`);
  }
}

const program = new Command('bench:templates')
  .description('Runs template detection over a labelled corpus, online and in stream order')
  .option('--corpus <file>', 'JSON lines with template_id and prompt or messages, gzipped or plain')
  .option('--out <file>', 'where to write one result a prompt, for a scorer')
  .addOption(new Option('--by <what>', 'score each kind or each source apart too').choices(['kind', 'source']))
  .option('--perturb', 'also score the same templates sent in other ways and orders')
  .option('--variants', 'also send the prompts of no template in other ways, and count what matches')
  .option('--synthetic <templates>', 'time detection when so many templates are known')
  .option('--json', 'print the figures as JSON')
  .action((options: Options) => run(options));

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
