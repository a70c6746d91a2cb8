import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { countUpstream, remembered } from '../src/estimate-counts.js';
import { EstimateReplay } from '../src/estimate-replay.js';
import { reportOf } from '../src/estimate-report.js';
import { forecastAll } from '../src/outputs-replay.js';
import { answersOfCorpus, answersOfTrace } from '../src/outputs-source.js';
import type { CorpusPrompt } from '../src/templates-corpus.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const prompt = (text: string, templateId = 'a'): CorpusPrompt => ({
  templateId,
  kind: 'long_prefix',
  source: 'unknown',
  unique: false,
  segments: [{ role: 'prompt', text }],
  session: null,
  outputWords: null,
});

describe('counting by a server', () => {
  let server: Server;
  const asked: unknown[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        asked.push({ url: request.url, ...(JSON.parse(body) as object) });
        response.statusCode = body.includes('too long') ? 400 : 200;
        response.end(JSON.stringify({ prompt_eval_count: 42 }));
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => {
    server.close();
  });

  it('asks for one token in one window with nothing cut, and keeps what it was told', async () => {
    const { port } = server.address() as AddressInfo;
    const counts = file('counts.jsonl', '');
    const upstream = countUpstream(`http://127.0.0.1:${port}`, 'm', 4096);
    expect(await remembered(counts, upstream)(prompt('hello'), 3)).toBe(42);
    expect(await remembered(counts, upstream)(prompt('too long'), 4)).toBeNull();
    expect(asked[0]).toMatchObject({
      url: '/api/generate',
      prompt: 'hello',
      truncate: false,
      options: { num_ctx: 4096, num_predict: 1 },
    });
    expect(readFileSync(counts, 'utf8')).toBe('{"i":3,"n":42}\n{"i":4,"n":null}\n');
    expect(await remembered(counts, null)(prompt('hello'), 3)).toBe(42);
    expect(asked).toHaveLength(2);
  });
});

describe('replaying estimates', () => {
  it('estimates before it learns, and reports errors and bounds that were exceeded', () => {
    const replay = new EstimateReplay(true);
    const words = 'some plain words in a row '.repeat(40);
    const estimated = Array.from({ length: 60 }, () => replay.estimate(prompt(words), 400));
    expect(Math.abs(estimated[0]!.mean / 400 - 1)).toBeGreaterThan(0.2);
    expect(Math.abs(estimated.at(-1)!.mean / 400 - 1)).toBeLessThan(0.01);
    const [all, cold, warm] = reportOf(estimated);
    expect([all!.n, cold!.n, warm!.n]).toEqual([60, 50, 10]);
    expect(warm).toMatchObject({ prompts: 'after 50', exceeded: 0 });
    expect(reportOf([{ ...estimated[0]!, counted: 10_000 }])[0]!.exceeded).toBe(1);
  });
});

describe('answers of known length', () => {
  it('are read from a corpus, words taken for 1.35 tokens', () => {
    const lines = [
      { template_id: 'a', prompt: 'one two', output_words: 100 },
      { template_id: 'b', unique: true, prompt: 'x', output_words: 20 },
      { template_id: 'c', prompt: 'no answer' },
    ];
    expect(answersOfCorpus(file('c.jsonl', lines.map((line) => JSON.stringify(line)).join('\n')))).toEqual([
      { template: 'a', promptTokens: 3, outputTokens: 135 },
      { template: null, promptTokens: 1, outputTokens: 27 },
    ]);
  });

  it('are read from traces as tables and as lines', () => {
    const table = file('t.csv', 't_s,client,prompt_tokens,output_tokens\n0.0,c1,20,2\n,c2,30,\n');
    expect(answersOfTrace(table)).toEqual([{ template: 'c1', promptTokens: 20, outputTokens: 2 }]);
    const lines = file('t.jsonl', '{"input_length":5,"output_length":7}\n');
    expect(answersOfTrace(lines)).toEqual([{ template: null, promptTokens: 5, outputTokens: 7 }]);
  });

  it('are forecast from what came before them alone', () => {
    const answers = Array.from({ length: 40 }, (_, i) => ({
      template: 'a',
      promptTokens: 100,
      outputTokens: i < 39 ? 50 : 5000,
    }));
    const forecasts = forecastAll(answers, [0.9]);
    expect(forecasts[0]!.quantiles[0]).toBeGreaterThan(500);
    expect(forecasts[39]).toMatchObject({ seen: 39, after: 39, quantiles: [50] });
    expect(forecasts[39]!.stated[0]).toBeGreaterThan(0.9);
  });
});
