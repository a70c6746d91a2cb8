import { Command } from 'commander';

import { countUpstream, remembered, type Counter } from './estimate-counts.js';
import { EstimateReplay, type Estimated } from './estimate-replay.js';
import { reportOf, type ReportRow } from './estimate-report.js';
import { readCorpus } from './templates-corpus.js';

interface Options {
  readonly upstream?: string;
  readonly model: string;
  readonly corpus: string;
  readonly limit: string;
  readonly every: string;
  readonly window: string;
  readonly counts?: string;
  readonly templates: boolean;
  readonly json?: true;
}

async function run(options: Options): Promise<void> {
  const prompts = readCorpus(options.corpus);
  const count = counterOf(options);
  const replay = new EstimateReplay(options.templates);
  const limit = Number(options.limit);
  const estimated: Estimated[] = [];
  for (let i = 0; i < prompts.length && estimated.length < limit; i += Number(options.every)) {
    const counted = await count(prompts[i]!, i);
    if (counted !== null) estimated.push(replay.estimate(prompts[i]!, counted));
    if (estimated.length % 100 === 0) process.stderr.write(`\r${estimated.length} prompts`);
  }
  process.stderr.write('\r');
  print(reportOf(estimated), options.json === true);
}

function counterOf({ upstream, model, window, counts }: Options): Counter {
  const ask = upstream === undefined ? null : countUpstream(upstream, model, Number(window));
  if (counts !== undefined) return remembered(counts, ask);
  if (ask === null) throw new Error('needs --upstream, --counts or both');
  return ask;
}

function print(rows: readonly ReportRow[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(rows));
    return;
  }
  console.log(['prompts'.padEnd(16), 'n', 'median', 'p90', 'p99', 'exceeded', 'bound/count', 'p90'].join('\t'));
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  for (const row of rows) {
    const errors = [row.medianError, row.p90Error, row.p99Error, row.exceeded].map(percent);
    const bounds = [row.medianBound, row.p90Bound].map((ratio) => ratio.toFixed(3));
    console.log([row.prompts.padEnd(16), row.n, ...errors, ...bounds].join('\t'));
  }
}

const program = new Command('bench:estimate')
  .description("Token estimates against a server's own counts: each prompt is estimated, counted, and then learnt from")
  .requiredOption('--corpus <file>', 'JSON lines with template_id and prompt or messages, gzipped or plain')
  .option('--upstream <url>', 'an Ollama that counts')
  .option('--model <name>', 'its model', 'random')
  .option('--limit <n>', 'prompts to count', '2000')
  .option('--every <n>', 'takes each n-th prompt of the corpus', '1')
  .option('--window <tokens>', 'window to count in; longer prompts are left out', '16384')
  .option('--counts <file>', 'counts of earlier runs are read from here, new ones are added')
  .option('--no-templates', 'estimate as though no template were ever detected')
  .option('--json', 'print as JSON')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
