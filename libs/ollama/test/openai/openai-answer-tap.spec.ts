import { OpenAiAnswerTap, type TapEnding } from '../../src/index.js';

const TIMINGS = { cache_n: 24, prompt_n: 1, prompt_ms: 3.5, predicted_n: 3, predicted_ms: 6.851 };
const REFUSAL = {
  error: {
    code: 400,
    message: 'request (2522 tokens) exceeds the available context size (2048 tokens), try increasing it',
    type: 'exceed_context_size_error',
    n_prompt_tokens: 2522,
    n_ctx: 2048,
  },
};

/** Events as llama-server sends them, `[DONE]` at the end. */
function events(...objects: readonly object[]): string {
  return [...objects.map((object) => `data: ${JSON.stringify(object)}\n\n`), 'data: [DONE]\n\n'].join('');
}

function delta(content: string, finish: string | null = null): object {
  return { choices: [{ index: 0, delta: { content }, finish_reason: finish }] };
}

/** The ending as it is found whatever the sizes of chunks. */
function endingOf(answer: string): TapEnding {
  const bytes = Buffer.from(answer);
  const endings = [1, 7, 1000, bytes.length].map((size) => {
    const tap = new OpenAiAnswerTap();
    for (let at = 0; at < bytes.length; at += size) tap.push(bytes.subarray(at, at + size));
    return tap.ending;
  });
  for (const ending of endings) expect(ending).toEqual(endings[0]);
  return endings[0]!;
}

const chunkOf = (answer: string) => {
  const ending = endingOf(answer);
  return ending.kind === 'final' ? ending.chunk : ending;
};

it('reads the counts of a whole answer, be it on one line or indented', () => {
  const answer = {
    choices: [{ index: 0, message: { content: 'né\n"x"' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 25, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 20 } },
  };
  const counted = { doneReason: 'stop', promptTokens: 25, cachedTokens: 20, outputTokens: 3, loadNs: null };
  expect(chunkOf(JSON.stringify(answer))).toMatchObject(counted);
  expect(chunkOf(JSON.stringify(answer, null, 2))).toMatchObject(counted);
});

it('reads the counts of a stream from the usage at its end', () => {
  const usage = { prompt_tokens: 25, completion_tokens: 2 };
  const stream = events(delta('a'), delta('', 'length'), { choices: [], usage });
  expect(chunkOf(stream)).toMatchObject({ doneReason: 'length', promptTokens: 25, outputTokens: 2 });
});

it('reads them from the timings of llama-server where there is no usage: cached tokens belong to the prompt', () => {
  const stream = events(delta('ž'), { ...delta('', 'length'), timings: TIMINGS });
  expect(chunkOf(stream)).toEqual({
    doneReason: 'length',
    totalNs: null,
    loadNs: null,
    promptEvalNs: 3_500_000,
    evalNs: 6_851_000,
    promptTokens: 25,
    cachedTokens: 24,
    outputTokens: 3,
  });
});

it('does not take new tokens for the whole prompt where a server does not say how many were cached', () => {
  const timings = { prompt_n: 1, prompt_ms: 3.5, predicted_n: 3, predicted_ms: 6.8 };
  const stream = events({ ...delta('', 'stop'), timings });
  expect(chunkOf(stream)).toMatchObject({ promptTokens: null, outputTokens: 3 });
});

it('ends without counts where a server gives none', () => {
  expect(chunkOf(events(delta('a'), delta('', 'tool_calls')))).toMatchObject({
    doneReason: 'stop',
    promptTokens: null,
    outputTokens: null,
  });
});

it('counts nothing for several answers to one request', () => {
  const choices = [0, 1].map((index) => ({ index, text: 'x', finish_reason: 'length' }));
  const usage = { prompt_tokens: 2, completion_tokens: 2 };
  expect(chunkOf(JSON.stringify({ choices, usage }))).toMatchObject({ promptTokens: null, outputTokens: null });
});

it("reads llama-server's own route, whose last event says how it stopped", () => {
  const last = { content: '', stop: true, stop_type: 'limit', tokens_predicted: 2, tokens_evaluated: 3 };
  const stream = events({ content: 'a', stop: false, tokens_predicted: 1, tokens_evaluated: 3 }, last);
  expect(chunkOf(stream)).toMatchObject({ doneReason: 'length', promptTokens: 3, outputTokens: 2 });
  expect(chunkOf(JSON.stringify({ ...last, stop_type: 'eos' }))).toMatchObject({ doneReason: 'stop' });
});

it('finds no end in an answer that breaks off', () => {
  expect(endingOf(`data: ${JSON.stringify(delta('a'))}\n\ndata: {"choices":[{"ind`)).toEqual({ kind: 'none' });
  expect(endingOf('{"choices":[')).toEqual({ kind: 'none' });
});

it('reads a refusal with its numbers', () => {
  expect(endingOf(JSON.stringify(REFUSAL))).toMatchObject({
    kind: 'error',
    refusal: { promptTokens: 2522, window: 2048 },
  });
});

it("reads it in vLLM's words, with an object around them and without", () => {
  const message =
    "This model's maximum context length is 4096 tokens. However, you requested 4348 tokens (4332 in the messages, 16 in the completion). Please reduce the length of the messages or completion.";
  const refusal = { promptTokens: 4332, window: 4096 };
  expect(endingOf(JSON.stringify({ object: 'error', message, code: 400 }))).toMatchObject({ kind: 'error', refusal });
  expect(endingOf(JSON.stringify({ error: { message } }))).toMatchObject({ kind: 'error', refusal });
});

it('takes other errors for what they are, in a stream too', () => {
  const error = { error: { code: 500, message: 'no', type: 'server_error' } };
  expect(endingOf(JSON.stringify(error))).toEqual({ kind: 'error', message: 'no', refusal: null });
  expect(endingOf(events(delta('a'), error))).toMatchObject({ kind: 'error', message: 'no' });
});

it('goes on after an event that is too long to be held', () => {
  const tap = new OpenAiAnswerTap();
  tap.push(Buffer.from('data: {"choices":[{"delta":{"content":"'));
  for (let mib = 0; mib < 17; mib += 1) tap.push(Buffer.alloc(2 ** 20, 'x'));
  tap.push(Buffer.from(`"}}]}\n\n${events({ ...delta('', 'stop'), timings: TIMINGS })}`));
  expect(tap.ending).toMatchObject({ kind: 'final', chunk: { promptTokens: 25 } });
});

it("reads Anthropic's answers, whole and as events: what a stream begins with is no count", () => {
  const usage = { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 3 };
  const counts = { doneReason: 'length', promptTokens: 7, cachedTokens: 2, outputTokens: 3 };
  const stream = events(
    { type: 'message_start', message: { stop_reason: null, usage: { input_tokens: 99, output_tokens: 0 } } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: '\u{1f999} "usage"' } },
    { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage },
  );
  expect(chunkOf(stream)).toMatchObject(counts);
  expect(chunkOf(JSON.stringify({ type: 'message', stop_reason: 'max_tokens', usage }))).toMatchObject(counts);
  expect(endingOf(events({ type: 'error', error: { message: 'no' } }))).toMatchObject({ kind: 'error', message: 'no' });
});

it('reads what the Responses API says, whole and as events', () => {
  const usage = { input_tokens: 7, input_tokens_details: { cached_tokens: 2 }, output_tokens: 3 };
  const begun = { type: 'response.created', response: { status: 'in_progress', usage: null } };
  const told = { object: 'response', status: 'completed', error: null, usage };
  const counts = { doneReason: 'stop', promptTokens: 7, cachedTokens: 2, outputTokens: 3 };
  expect(chunkOf(events(begun, { type: 'response.completed', response: told }))).toMatchObject(counts);
  expect(chunkOf(JSON.stringify(told))).toMatchObject(counts);
  expect(endingOf(events(begun))).toEqual({ kind: 'none' });
});
