import {
  answerLength,
  chatPrompt,
  exceedsMessage,
  fitEmbedding,
  fitPrompt,
  generatePrompt,
  halfWindow,
  resolveOptions,
  EMPTY_TEXT,
  type ChatMessage,
  type FittedPrompt,
  type ModelCard,
  type Prompt,
  type ResolvedOptions,
} from '../src/index.js';
import { LLAMA, QWEN, defaultsOf } from './fixtures.js';

const LONG = Array.from({ length: 6000 }, (_, i) => `word${i}`).join(' ');
const TURN = Array.from({ length: 150 }, (_, i) => `turn${i}`).join(' ');
const HISTORY: ChatMessage[] = [
  { role: 'system', content: 'be brief' },
  ...Array.from({ length: 9 }, (_, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content: `${i} ${TURN}` })),
];

function options(numCtx: number, shift: boolean | null = null): ResolvedOptions {
  const resolved = resolveOptions(LLAMA, { num_ctx: numCtx }, shift, defaultsOf());
  if (!resolved.ok) throw new Error(resolved.message);
  return resolved.options;
}

function fit(
  model: ModelCard,
  prompt: Prompt,
  numCtx: number,
  version?: string,
  shift: boolean | null = null,
): FittedPrompt {
  return fitPrompt(model, prompt, options(numCtx, shift), defaultsOf(version).rules);
}

function long(model: ModelCard, truncate: boolean | null = null): Prompt {
  return generatePrompt(model, { prompt: LONG, system: '', images: 0, before: EMPTY_TEXT }, truncate);
}

describe('a prompt that does not fit', () => {
  it.each([
    [4096, 4, 2050],
    [4096, 5, 2051],
    [2048, 4, 1026],
    [1, 4, 0],
  ])('half of a window of %i with k = %i is %i', (numCtx, keep, left) => {
    expect(halfWindow(numCtx, keep)).toBe(left);
  });

  it('B: a generate prompt is cut to half the window, one token more with a BOS', () => {
    expect(fit(LLAMA, long(LLAMA), 4096)).toMatchObject({ kind: 'cut', count: 2051 });
    expect(fit(QWEN, long(QWEN), 4096)).toMatchObject({ kind: 'cut', count: 2050 });
  });

  it('B: what is left is the first k tokens and the end', () => {
    const fitted = fit(LLAMA, long(LLAMA), 4096);
    if (fitted.kind === 'refused') throw new Error(fitted.message);
    expect(fitted.tokens.text.startsWith('<|begin_of_text|><|im_start|>user')).toBe(true);
    expect(fitted.tokens.text.endsWith('word5999<|im_end|>\n<|im_start|>assistant\n')).toBe(true);
    expect(fitted.tokens.text).not.toContain('word1 ');
  });

  it('A: the oldest messages go, the system prompt and the last message stay', () => {
    const fitted = fit(LLAMA, chatPrompt(LLAMA, HISTORY, '', null), 2048);
    if (fitted.kind === 'refused') throw new Error(fitted.message);
    expect(fitted.kind).toBe('messages-dropped');
    expect(fitted.tokens.text).toContain('be brief');
    expect(fitted.tokens.text).toContain('8 turn0');
    expect(fitted.tokens.text).not.toContain('0 turn0');
    expect(fitted.count).toBeLessThan(2048);
  });

  it('A and B: one message that is too long alone is cut where the server renders', () => {
    expect(fit(LLAMA, chatPrompt(LLAMA, [{ role: 'user', content: LONG }], '', null), 2048)).toMatchObject({
      kind: 'cut',
      count: 1027,
    });
  });

  it('C: and refused where the model renders, with counts of the rounded window', () => {
    const fitted = fit(QWEN, chatPrompt(QWEN, [{ role: 'user', content: LONG }], '', null), 1000);
    if (fitted.kind !== 'refused') throw new Error(fitted.kind);
    expect(fitted.message).toBe(exceedsMessage(fitted.promptTokens, 1024));
    expect(JSON.parse(fitted.message)).toEqual({
      error: {
        code: 400,
        message: `request (${fitted.promptTokens} tokens) exceeds the available context size (1024 tokens), try increasing it`,
        type: 'exceed_context_size_error',
        n_prompt_tokens: fitted.promptTokens,
        n_ctx: 1024,
      },
    });
  });

  it('C: a prompt with pictures is never cut', () => {
    const prompt = generatePrompt(LLAMA, { prompt: LONG, system: '', images: 1, before: EMPTY_TEXT }, null);
    expect(fit(LLAMA, prompt, 4096)).toMatchObject({ kind: 'refused', status: 400 });
  });

  it('D: truncate:false refuses with the count that fits exactly one token later', () => {
    const refused = fit(LLAMA, long(LLAMA, false), 2048);
    if (refused.kind !== 'refused') throw new Error(refused.kind);
    const enough = Math.ceil((refused.promptTokens + 1) / 256) * 256;
    expect(fit(LLAMA, long(LLAMA, false), enough)).toMatchObject({ kind: 'whole', count: refused.promptTokens });
  });

  it('D: a prompt as long as the window is refused, a token shorter is not', () => {
    const prompt = chatPrompt(LLAMA, [{ role: 'user', content: 'a '.repeat(250) }], '', false);
    const whole = fit(LLAMA, prompt, 4096);
    if (whole.kind === 'refused') throw new Error(whole.message);
    const padding = 'a '.repeat(1024 - whole.count);
    const exact = chatPrompt(LLAMA, [{ role: 'user', content: `${'a '.repeat(250)}${padding}` }], '', false);
    expect(fit(LLAMA, exact, 1024)).toMatchObject({ kind: 'refused', promptTokens: 1024 });
    expect(fit(LLAMA, exact, 1025)).toMatchObject({ kind: 'whole', count: 1024 });
  });

  it('D: before 0.30 the refusal has no numbers, before 0.12.6 the field is ignored', () => {
    expect(fit(LLAMA, long(LLAMA, false), 2048, '0.29.0')).toMatchObject({
      kind: 'refused',
      message: 'the input length exceeds the context length',
    });
    expect(fit(LLAMA, long(LLAMA, false), 2048, '0.12.5')).toMatchObject({ kind: 'cut' });
  });

  it('a window that may not be shifted refuses instead of cutting', () => {
    expect(fit(LLAMA, long(LLAMA), 2048, undefined, false)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('the prompt is longer than the context length currently available'),
    });
  });

  it('E: embeddings lose their end, or are refused with truncate:false', () => {
    expect([fitEmbedding(10, 10, null), fitEmbedding(11, 10, null), fitEmbedding(11, 10, false)]).toEqual([
      10,
      10,
      null,
    ]);
  });
});

describe('an answer that outgrows the window', () => {
  it('F: goes on when the window can shift', () => {
    expect(answerLength(600, 100, options(256), true, 2560)).toEqual({
      tokens: 600,
      doneReason: 'stop',
      shifted: true,
    });
  });

  it('F: stops when it cannot, with the reason length', () => {
    expect(answerLength(600, 100, options(256), false, 2560)).toEqual({
      tokens: 156,
      doneReason: 'length',
      shifted: false,
    });
  });

  it('ends at num_predict with the reason length', () => {
    expect(answerLength(600, 10, options(4096), true, 50)).toEqual({
      tokens: 50,
      doneReason: 'length',
      shifted: false,
    });
  });

  it('ends by itself with the reason stop', () => {
    expect(answerLength(40, 10, options(4096), true, 50)).toEqual({ tokens: 40, doneReason: 'stop', shifted: false });
  });
});
