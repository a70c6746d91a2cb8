import { Command } from 'commander';

import { forecastAll, type Forecast } from './outputs-replay.js';
import { answersOfCorpus, answersOfTrace } from './outputs-source.js';

interface Options {
  readonly corpus?: string;
  readonly trace?: string;
  readonly limit: string;
  readonly json?: true;
}

interface CalibrationRow {
  readonly answers: string;
  readonly n: number;
  /** Mean share that was stated to be within the quantile, for each of {@link SHARES}. */
  readonly stated: readonly number[];
  /** Share of the answers that were within it. */
  readonly covered: readonly number[];
  /** Mean of the 99th percentile that was stated over the mean of the answers. */
  readonly width: number;
}

const SHARES = [0.5, 0.9, 0.95, 0.99] as const;

function run(options: Options): void {
  const { corpus, trace } = options;
  if ((corpus === undefined) === (trace === undefined)) throw new Error('needs either --corpus or --trace');
  const answers = corpus === undefined ? answersOfTrace(trace!) : answersOfCorpus(corpus);
  print(calibrationOf(forecastAll(answers.slice(0, Number(options.limit)), SHARES)), options.json === true);
}

function calibrationOf(forecasts: readonly Forecast[]): readonly CalibrationRow[] {
  const groups: [string, readonly Forecast[]][] = [
    ['all', forecasts],
    ['first 50', forecasts.slice(0, 50)],
    ['after 50', forecasts.slice(50)],
    ['last half', forecasts.slice(forecasts.length / 2)],
    [
      'template new',
      forecasts.filter(({ answer, seen, after }) => answer.template !== null && seen === 0 && after >= 50),
    ],
    ['template 1 to 7', forecasts.filter(({ seen }) => seen >= 1 && seen <= 7)],
    ['template 8 to 29', forecasts.filter(({ seen }) => seen >= 8 && seen <= 29)],
    ['template 30 on', forecasts.filter(({ seen }) => seen >= 30)],
  ];
  return groups.flatMap(([name, group]) => (group.length === 0 ? [] : [rowOf(name, group)]));
}

function rowOf(answers: string, group: readonly Forecast[]): CalibrationRow {
  const covered = SHARES.map((_, i) => shareOf(group, ({ answer, quantiles }) => answer.outputTokens <= quantiles[i]!));
  const stated = SHARES.map((_, i) => group.reduce((sum, forecast) => sum + forecast.stated[i]!, 0) / group.length);
  const widest = group.reduce((sum, { quantiles }) => sum + quantiles.at(-1)!, 0);
  const length = group.reduce((sum, { answer }) => sum + answer.outputTokens, 0);
  return { answers, n: group.length, stated, covered, width: widest / Math.max(1, length) };
}

function shareOf<T>(all: readonly T[], holds: (one: T) => boolean): number {
  return all.filter(holds).length / all.length;
}

function print(rows: readonly CalibrationRow[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(rows));
    return;
  }
  const heading = SHARES.map((share) => `p${Math.round(100 * share)}: stated, observed`);
  console.log(['answers'.padEnd(16), 'n', ...heading, 'p99 / mean'].join('\t'));
  for (const { answers, n, stated, covered, width } of rows) {
    const percents = covered.map((share, i) => `${(100 * stated[i]!).toFixed(1)}, ${(100 * share).toFixed(1)}`);
    console.log([answers.padEnd(16), n, ...percents.map((cell) => cell.padEnd(16)), width.toFixed(2)].join('\t'));
  }
}

const program = new Command('bench:outputs')
  .description('Answer lengths: how many answers are within the quantile that was stated before they came')
  .option('--corpus <file>', 'JSON lines with template_id, prompt or messages, and output_words')
  .option('--trace <file>', 'CSV or JSON lines of prompt and output tokens')
  .option('--limit <n>', 'the first answers only', 'Infinity')
  .option('--json', 'print as JSON')
  .action(run);

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
