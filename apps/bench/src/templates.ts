import { writeFileSync } from 'node:fs';

import {
  createFingerprinter,
  createTemplateDetector,
  extractFeatures,
  type Detection,
  type InferenceRequest,
} from '@rightsize/optimizer-core';
import { Command } from 'commander';

import { readCorpus, type CorpusPrompt } from './templates-corpus.js';

interface Options {
  readonly corpus: string;
  readonly out: string;
  readonly json?: true;
}

interface Scored {
  readonly template_id: string;
  readonly cluster_id: string | null;
  readonly matched: boolean;
  readonly ms: number;
  readonly kind: string;
  readonly unique: boolean;
}

const MODEL = 'bench';
const NS_PER_MS = 1e6;

/** Any fixed secret will do: figures must not depend on it, and a fixed one makes runs comparable. */
const SECRET = 'bench';

function run(options: Options): void {
  const prompts = readCorpus(options.corpus);
  const fingerprinter = createFingerprinter(SECRET);
  const detector = createTemplateDetector();
  const results = prompts.map((prompt, index): Scored => {
    const request = requestOf(prompt);
    const started = process.hrtime.bigint();
    const features = extractFeatures(request, fingerprinter);
    const detection = detector.detect(MODEL, features.fingerprints, index);
    return scored(prompt, detection, Number(process.hrtime.bigint() - started) / NS_PER_MS);
  });
  writeFileSync(options.out, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
  print(summarise(results), options.json === true);
}

function requestOf(prompt: CorpusPrompt): InferenceRequest {
  const route = prompt.segments[0]?.role === 'prompt' ? 'generate' : 'chat';
  return {
    route,
    model: MODEL,
    segments: prompt.segments,
    tools: '',
    imageCount: 0,
    numPredict: null,
    numCtx: null,
    stream: true,
    preload: false,
    unload: false,
    think: null,
  };
}

function scored(prompt: CorpusPrompt, detection: Detection, ms: number): Scored {
  return {
    template_id: prompt.templateId,
    cluster_id: detection.clusterId,
    matched: detection.matched,
    ms: Number(ms.toFixed(4)),
    kind: prompt.kind,
    unique: prompt.unique,
  };
}

function summarise(results: readonly Scored[]): Record<string, number> {
  const times = results.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  const clusters = results.flatMap(({ cluster_id }) => (cluster_id === null ? [] : [cluster_id]));
  return {
    prompts: results.length,
    labels: new Set(results.map(({ template_id }) => template_id)).size,
    clusters: new Set(clusters).size,
    matched: results.filter(({ matched }) => matched).length,
    'too short': results.length - clusters.length,
    'unique matched': results.filter(({ unique, matched }) => unique && matched).length,
    'mean ms': times.reduce((sum, ms) => sum + ms, 0) / Math.max(1, times.length),
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    'max ms': at(1),
  };
}

function print(summary: Record<string, number>, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(summary));
    return;
  }
  for (const [name, value] of Object.entries(summary)) {
    console.log(`${name.padEnd(16)}${(Number.isInteger(value) ? String(value) : value.toFixed(4)).padStart(12)}`);
  }
}

const program = new Command('bench:templates')
  .description('Runs fingerprints and template detection over a labelled corpus, online and in stream order')
  .requiredOption('--corpus <file>', 'JSON lines with template_id and prompt or messages, gzipped or plain')
  .requiredOption('--out <file>', 'where to write one result a prompt')
  .option('--json', 'print the summary as JSON')
  .action((options: Options) => run(options));

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
