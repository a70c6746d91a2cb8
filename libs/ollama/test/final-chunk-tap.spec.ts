import * as fc from 'fast-check';
import { FinalChunkTap } from '@rightsize/ollama';

const final = {
  doneReason: 'stop',
  totalNs: 5_000_000_000,
  loadNs: 1_100_000_000,
  promptEvalNs: 300_000_000,
  evalNs: 400_000_000,
  promptTokens: 1234,
  cachedTokens: 0,
  outputTokens: 56,
};
const metrics = {
  total_duration: final.totalNs,
  load_duration: final.loadNs,
  prompt_eval_count: final.promptTokens,
  prompt_eval_cached_count: 0,
  prompt_eval_duration: final.promptEvalNs,
  eval_count: final.outputTokens,
  eval_duration: final.evalNs,
};

function chatLine(content: string, more: object = { done: false }): string {
  return `${JSON.stringify({ model: 'm', created_at: '2026-11-01T00:00:00Z', message: { role: 'assistant', content }, ...more })}\n`;
}

const stream =
  chatLine('né “\\" 🦙') +
  chatLine('{"done":true,"eval_count":9}') +
  chatLine('', { done: true, done_reason: 'stop', ...metrics });

function tapped(...chunks: Buffer[]): FinalChunkTap {
  const tap = new FinalChunkTap();
  for (const chunk of chunks) tap.push(chunk);
  return tap;
}

describe('FinalChunkTap', () => {
  it('finds the final object of a stream split in two at every byte', () => {
    const bytes = Buffer.from(stream);
    for (let at = 0; at <= bytes.length; at++) {
      const tap = tapped(bytes.subarray(0, at), bytes.subarray(at));
      expect(tap.ending).toEqual({ kind: 'final', chunk: final });
      expect(tap.objects).toBe(3);
    }
  });

  it('finds it however the stream is split', () => {
    const bytes = Buffer.from(stream);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const tap = tapped(...edges.slice(1).map((end, index) => bytes.subarray(edges[index], end)));
        expect(tap.ending).toEqual({ kind: 'final', chunk: final });
      }),
    );
  });

  it('reads one pretty-printed object without a newline at its end', () => {
    const tap = tapped(
      Buffer.from(JSON.stringify({ response: 'hi', done: true, context: [1, 2], ...metrics }, null, 2)),
    );
    expect(tap.ending).toEqual({ kind: 'final', chunk: { ...final, doneReason: null } });
    expect(tap.answerBytes).toBe(2);
  });

  it('finds the numbers of a large answer wherever they stand in it', () => {
    const context = Array.from({ length: 100_000 }, (_, token) => token);
    const body = {
      response: 'x'.repeat(300_000),
      done: true,
      done_reason: 'stop',
      context,
      ...metrics,
      logprobs: context.map((token) => ({ token })),
    };
    const bytes = Buffer.from(JSON.stringify(body));
    const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, n) =>
      bytes.subarray(n * 65_536, (n + 1) * 65_536),
    );
    expect(tapped(...chunks).ending).toEqual({ kind: 'final', chunk: final });
  });

  it('counts answer text, thinking included, and no other text', () => {
    const thinking = JSON.stringify({
      model: 'm',
      message: { role: 'assistant', content: '', thinking: 'hmm' },
      done: false,
    });
    const tool = JSON.stringify({
      message: {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'content', arguments: { content: 'no' } } }],
      },
      done: false,
    });
    expect(tapped(Buffer.from(`${thinking}\n${tool}\n`)).answerBytes).toBe(3);
    expect(tapped(Buffer.from('{"response":"four","done":false}')).answerBytes).toBe(4);
  });

  it('is not deceived by look-alikes in texts, deeper down or in arrays', () => {
    const body = {
      response: '"done":true}{',
      x: { done: true, error: 'no' },
      y: [{ error: 'no' }, 'error'],
      done: false,
    };
    expect(tapped(Buffer.from(JSON.stringify(body))).ending).toEqual({ kind: 'none' });
  });

  it('reports an error in the middle of a stream, unescaped', () => {
    const tap = tapped(Buffer.from(chatLine('a')), Buffer.from('{"error":"model \\"x\\" f\u00e4iled"}\n'));
    expect(tap.ending).toEqual({ kind: 'error', message: 'model "x" f\u00e4iled' });
  });

  it('reports the error text of a refusal as the server words it, JSON in a string', () => {
    const inner = JSON.stringify({ error: { code: 400, n_prompt_tokens: 13392, n_ctx: 8192 } });
    expect(tapped(Buffer.from(JSON.stringify({ error: inner }))).ending).toEqual({ kind: 'error', message: inner });
  });

  it('bounds what it keeps of an endless error', () => {
    const tap = tapped(
      Buffer.from('{"error":"'),
      ...Array.from({ length: 50 }, () => Buffer.alloc(1000, 'e')),
      Buffer.from('"}'),
    );
    expect(tap.ending).toEqual({ kind: 'error', message: 'e'.repeat(4096) });
  });

  it.each([
    '',
    '\n',
    '{"response":"a","done":false}\n',
    '{"done":true',
    'Ollama is running',
    '}}}]]"',
    '[{"done":true}]',
  ])('has no ending for %j', (text) => {
    expect(tapped(Buffer.from(text)).ending).toEqual({ kind: 'none' });
  });

  it('keeps no part of a chunk', () => {
    const bytes = Buffer.from(stream);
    const tap = new FinalChunkTap();
    for (const byte of bytes) {
      const chunk = Buffer.from([byte]);
      tap.push(chunk);
      chunk[0] = 0;
    }
    expect(tap.ending).toEqual({ kind: 'final', chunk: final });
  });
});
