import { imposeNoTruncation, parseRefusal } from '../src/index.js';

describe('a refusal', () => {
  it('is read with its counts out of the JSON inside the string', () => {
    const inner = {
      error: {
        code: 400,
        message: 'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 13392,
        n_ctx: 8192,
      },
    };
    const body = Buffer.from(JSON.stringify({ error: JSON.stringify(inner) }));
    expect(parseRefusal(body)).toEqual({ promptTokens: 13392, window: 8192 });
  });

  it('of an older server has no counts', () => {
    const body = Buffer.from('{"error":"the input length exceeds the context length"}');
    expect(parseRefusal(body)).toEqual({ promptTokens: null, window: null });
  });

  it.each([
    '',
    '{',
    '[]',
    '{"error":"model \'x\' not found"}',
    '{"error":{"type":"exceed_context_size_error"}}',
    '{"error":"{\\"error\\":{\\"type\\":\\"other\\"}}"}',
  ])('is none in %j', (body) => {
    expect(parseRefusal(Buffer.from(body))).toBeNull();
  });
});

describe('telling the server not to cut', () => {
  it.each([
    ['{}', '{"truncate":false}'],
    [' {"a": 9007199254740993}', ' {"truncate":false,"a": 9007199254740993}'],
    ['{"truncate": true, "a": 1}', '{"truncate": false, "a": 1}'],
    ['{"truncate":false,"truncate":true}', '{"truncate":false,"truncate":false}'],
    ['{"TRUNCATE":null}', '{"TRUNCATE":false}'],
    ['{"options":{"truncate":true}}', '{"truncate":false,"options":{"truncate":true}}'],
  ])('edits %j to %j', (body, expected) => {
    expect(imposeNoTruncation(Buffer.from(body))?.toString()).toBe(expected);
  });

  it('leaves a body alone that says so already, and one that is no object', () => {
    const body = Buffer.from('{"truncate":false}');
    expect(imposeNoTruncation(body)).toBe(body);
    expect(imposeNoTruncation(Buffer.from('[]'))).toBeNull();
  });
});
