import { readNativeAnswer, translateV1, type DialectWriter, type V1Route } from '@rightsize/ollama';

const BODIES: Readonly<Record<V1Route, object>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true },
  completions: { model: 'm', prompt: 'x', stream: true },
  messages: { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'abcdefgh' }], stream: true },
  responses: { model: 'm', input: 'x', stream: true },
};

function writerOf(route: V1Route): DialectWriter {
  const translation = translateV1(route, Buffer.from(JSON.stringify(BODIES[route])));
  if (translation.kind !== 'translated') throw new Error(translation.kind);
  return translation.writer();
}

const CALL = { id: 'call_1', function: { index: 0, name: 'f', arguments: { b: 1, a: '<' } } };
const CALL_TEXT = '{"b":1,"a":"<"}';

/** What a model may say in one line of a stream. */
function line(message: object, over: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', ...message }, ...over }));
}

const DONE = line(
  {},
  { done: true, done_reason: 'stop', prompt_eval_count: 5, prompt_eval_cached_count: 2, eval_count: 3 },
);
/** Thoughts, then words, then a call. */
const ALL = [line({ thinking: 'hm' }), line({ content: 'so' }), line({ tool_calls: [CALL] }), DONE];

type Event = Record<string, unknown>;

function eventsOf(writer: DialectWriter, lines: readonly Buffer[]): Event[] {
  const text = lines.map((each) => writer.event(readNativeAnswer(each)!)).join('');
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json!) as Event);
}

describe("a chat completion's stream", () => {
  const deltas = (lines: readonly Buffer[]) =>
    eventsOf(writerOf('chat'), lines).map((event) => {
      const [choice] = event['choices'] as { delta: object; finish_reason: string | null }[];
      return [choice!.delta, choice!.finish_reason];
    });

  it('ends for its calls when there were any', () => {
    const call = { id: 'call_1', index: 0, type: 'function', function: { name: 'f', arguments: CALL_TEXT } };
    expect(deltas(ALL)).toEqual([
      [{ role: 'assistant', content: '', reasoning: 'hm' }, null],
      [{ content: 'so' }, null],
      [{ content: '', tool_calls: [call] }, null],
      [{}, 'tool_calls'],
    ]);
  });

  it('parts thoughts from words that came in one line', () => {
    expect(deltas([line({ thinking: 'hm', content: 'so' })])).toEqual([
      [{ role: 'assistant', reasoning: 'hm' }, null],
      [{ content: 'so' }, null],
    ]);
  });

  it('opens even when nothing is said, and says nothing twice at the end', () => {
    expect(deltas([DONE])).toEqual([
      [{ role: 'assistant', content: '' }, null],
      [{}, 'stop'],
    ]);
  });
});

describe("a message's stream", () => {
  it('has a block for thoughts, for words and for each call, and counts cached tokens apart', () => {
    expect(eventsOf(writerOf('messages'), ALL)).toEqual([
      expect.objectContaining({
        type: 'message_start',
        // "user" and eight letters are twelve bytes: three tokens, before anything was counted.
        message: expect.objectContaining({ usage: { input_tokens: 3, output_tokens: 0 } }) as unknown,
      }),
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'so' } },
      { type: 'content_block_stop', index: 1 },
      {
        type: 'content_block_start',
        index: 2,
        content_block: { type: 'tool_use', id: 'call_1', name: 'f', input: {} },
      },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: CALL_TEXT } },
      { type: 'content_block_stop', index: 2 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use' },
        usage: { input_tokens: 3, cache_read_input_tokens: 2, output_tokens: 3 },
      },
      { type: 'message_stop' },
    ]);
  });

  it('drops thoughts that come back after words', () => {
    const types = eventsOf(writerOf('messages'), [...ALL.slice(0, 2), line({ thinking: 'again' })]).map(
      (event) => (event['delta'] as { type?: string } | undefined)?.type,
    );
    expect(types.filter(Boolean)).toEqual(['thinking_delta', 'text_delta']);
  });
});

describe("a response's stream", () => {
  it('numbers its events, and repeats all items at the end', () => {
    const events = eventsOf(writerOf('responses'), ALL);
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, at) => at));
    expect(events.map((event) => event['type'])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const { output } = events.at(-1)!['response'] as { output: Event[] };
    expect(output.map((item) => item['type'])).toEqual(['reasoning', 'function_call', 'message']);
  });
});

describe('an error in the middle', () => {
  it.each([
    ['chat', { error: { message: 'broke', type: 'api_error', param: null, code: null } }],
    ['completions', { error: { message: 'broke', type: 'api_error', param: null, code: null } }],
    ['messages', { type: 'error', error: { type: 'api_error', message: 'broke' } }],
  ] as const)('of %s is told as its clients look for it', (route, event) => {
    expect(
      JSON.parse(
        writerOf(route)
          .streamError('broke')
          .replace(/^(event: error\n)?data: /, ''),
      ),
    ).toEqual(event);
  });

  it('of responses is a response that failed', () => {
    const [event] = writerOf('responses').streamError('broke').split('\n\n').slice(-2);
    expect(JSON.parse(event!.replace(/^event: .*\ndata: /, ''))).toMatchObject({
      type: 'response.failed',
      sequence_number: 2,
      response: { status: 'failed', error: { message: 'broke' } },
    });
  });
});

describe('a request', () => {
  it('keeps what parsing would lose: large numbers, the order of keys, keys that look like numbers', () => {
    const schema = '{"type":"object","properties":{"9":{"const":12345678901234567890},"1":{}}}';
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":${schema}}}}`;
    const translation = translateV1('chat', Buffer.from(body));
    expect(translation.kind === 'translated' && translation.body.toString()).toContain(`"format":${schema}`);
  });
});
