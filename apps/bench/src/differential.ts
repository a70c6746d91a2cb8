import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { makeCases } from './differential/cases.js';
import { compare, type Compared } from './differential/compare.js';
import { record } from './differential/record.js';

interface Options {
  readonly upstream: string;
  readonly gateway: string;
  readonly model: string;
  readonly toolsModel?: string;
  readonly count: number;
  readonly seed: number;
  readonly show: number;
  readonly json: boolean;
  readonly record?: string;
}

/** With this template any model takes tools and can be asked to think. */
const TEMPLATE =
  '{{- if .System }}<|system|>{{ .System }}{{ end }}{{- if .Tools }}<|tools|>{{ .Tools }}{{ end }}' +
  '{{- range $i, $_ := .Messages }}<|{{ .Role }}|>{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}' +
  '{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}{{ end }}' +
  '<|assistant|>{{ if .Think }}<think>{{ end }}';

async function ask(url: string, method: string, body: object): Promise<void> {
  const response = await fetch(url, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

function report(options: Options, results: readonly Compared[]): void {
  const table = new Table({ head: ['route', 'translated', 'passed', 'equal', 'same text', 'of', 'damaged'] });
  for (const path of new Set(results.map((each) => each.case.path))) {
    const of = results.filter((each) => each.case.path === path);
    const count = (test: (each: Compared) => boolean): number => of.filter(test).length;
    const translated = count((each) => each.route === 'translate');
    table.push([
      path,
      translated,
      of.length - translated,
      count((each) => each.isEqual),
      count((each) => each.saysTheSame),
      of.length,
      count((each) => each.case.isDamaged),
    ]);
  }
  console.log(table.toString());
  for (const each of results.filter((one) => !one.isEqual).slice(0, options.show)) {
    console.log(`\ncase ${each.case.number} ${each.case.path} ${each.route}\n${each.case.body}`);
    console.log(`direct  ${JSON.stringify(each.direct)}\ngateway ${JSON.stringify(each.gateway)}`);
  }
}

async function run(options: Options): Promise<void> {
  const tools = options.toolsModel ?? `${options.model}-rightsize-differential`;
  const isMade = options.toolsModel === undefined;
  const made = { model: tools, from: options.model, template: TEMPLATE, stream: false };
  if (isMade) await ask(`${options.upstream}/api/create`, 'POST', made);
  try {
    const cases = makeCases(options.count, options.seed, { plain: options.model, tools });
    if (options.record !== undefined) return await record(cases, options.upstream, options.record);
    const results: Compared[] = [];
    for (const each of cases) {
      results.push(await compare(each, options.upstream, options.gateway, true));
      if (!options.json) process.stderr.write(`\r${results.length} of ${options.count}`);
    }
    process.stderr.write('\n');
    if (options.json) console.log(JSON.stringify(results));
    else report(options, results);
    if (results.some((each) => !each.isEqual)) process.exitCode = 1;
  } finally {
    if (isMade) await ask(`${options.upstream}/api/delete`, 'DELETE', { model: tools });
  }
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}

const command = new Command('differential')
  .description("Sends the same requests to Ollama's own /v1 routes and through the gateway, and compares the answers")
  .requiredOption('--upstream <url>', 'an Ollama server, with a window that holds every prompt (OLLAMA_CONTEXT_LENGTH)')
  .option('--gateway <url>', 'a gateway before that very server', 'http://127.0.0.1:11435')
  .requiredOption('--model <name>', 'a small model; another is made of it that takes tools, and deleted at the end')
  .option('--tools-model <name>', 'a model that takes tools and thinks, instead of making one')
  .option('--count <number>', 'requests', whole, 300)
  .option('--seed <number>', 'of the requests', whole, 1)
  .option('--show <number>', 'differences to print', whole, 10)
  .option('--record <file>', 'instead, write down what the server answers on its own route and on the native one')
  .option('--json', 'print everything that was compared', false);
await run(command.parse().opts<Options>());
