import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readWorkload } from '../src/sizing-workload.js';
import { readCorpus } from '../src/templates-corpus.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-bench-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, lines: readonly unknown[], gzip = false): string {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const path = join(folder, name);
  writeFileSync(path, gzip ? gzipSync(text) : text);
  return path;
}

const HARDWARE = {
  vram_gib: 8,
  weights_gib: 4.9,
  kv_kib_per_token: 128,
  load_s: 3.5,
  prefill_tps: 1800,
  decode_tps: 45,
  max_ctx: 8192,
  default_ctx: 4096,
};

describe('reading a corpus', () => {
  it('takes prompts and chats, gzipped or plain', () => {
    const lines = [
      { template_id: 'a', kind: 'long_prefix', unique: false, prompt: 'hello' },
      { template_id: 'b', kind: 'unique', unique: true, messages: [{ role: 'system', content: 'be kind' }] },
    ];
    const expected = [
      {
        templateId: 'a',
        kind: 'long_prefix',
        unique: false,
        segments: [{ role: 'prompt', text: 'hello' }],
        session: null,
        source: 'unknown',
        outputWords: null,
      },
      {
        templateId: 'b',
        kind: 'unique',
        unique: true,
        segments: [{ role: 'system', text: 'be kind' }],
        session: null,
        source: 'unknown',
        outputWords: null,
      },
    ];
    expect(readCorpus(file('plain.jsonl', lines))).toEqual(expected);
    expect(readCorpus(file('packed.jsonl.gz', lines, true))).toEqual(expected);
  });

  it('names file and line of what it cannot read', () => {
    expect(() => readCorpus(file('bad.jsonl', ['{"template_id":"a","prompt":"x"}', 'no json']))).toThrow(
      /bad\.jsonl, line 2: not JSON/,
    );
    expect(() => readCorpus(file('none.jsonl', [{ template_id: 'a' }]))).toThrow(/none\.jsonl, line 1/);
  });
});

describe('reading a workload', () => {
  it('takes the hardware, with its defaults, and requests split into what is seen before and after', () => {
    const line = {
      id: '0',
      t: 1.5,
      conversation: 'c',
      prompt_tokens: 20,
      output_tokens: 3,
      prompt_estimate: 18,
      cached_prefix: 4,
      num_ctx: null,
      num_predict: 9,
      template: 'tags',
    };
    const { hardware, requests } = readWorkload(file('w.jsonl', [{ hardware: HARDWARE }, line]));
    expect(hardware).toMatchObject({ ...HARDWARE, overhead_gib: 0.6, load_s_per_kv_gib: 0, keep_alive_s: 300 });
    expect(requests).toEqual([
      {
        arrival: {
          id: '0',
          t: 1.5,
          promptEstimate: 18,
          numCtx: null,
          numPredict: 9,
          template: 'tags',
          conversation: 'c',
        },
        outcome: { promptTokens: 20, outputTokens: 3, cachedPrefix: 4 },
      },
    ]);
  });

  it('names what is missing, and where', () => {
    expect(() => readWorkload(file('h.jsonl', [{ hardware: { ...HARDWARE, load_s: 'x' } }]))).toThrow(/load_s/);
    expect(() => readWorkload(file('n.jsonl', [{}]))).toThrow(/n\.jsonl, line 1: no hardware/);
    expect(() => readWorkload(file('t.jsonl', [{ hardware: HARDWARE }, { id: 1 }]))).toThrow(/t\.jsonl, line 2: t /);
  });
});
