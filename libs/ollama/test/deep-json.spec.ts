import { goJson } from '../src/go-json.js';
import { INFERENCE_WIRES, translateV1 } from '../src/index.js';

/** Levels of arrays. */
function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function chatWith(value: string) {
  const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"metadata":${value}}`;
  return translateV1('chat', Buffer.from(body)).kind;
}

describe('JSON of a hostile depth', () => {
  it('is printed whole, where printing level by level ran out of stack and the stand-in never answered', () => {
    expect(goJson(JSON.parse(nested(9000)))).toBe(nested(9000));
    const objects = `${'{"a":'.repeat(9000)}"<"${'}'.repeat(9000)}`;
    expect(goJson(JSON.parse(objects))).toBe(objects.replace('<', '\\u003c'));
  });

  it('is translated as deep as the server reads it, and no deeper, even where it is not looked at', () => {
    expect(chatWith(nested(9999))).toBe('translated');
    expect(chatWith(nested(10_000))).toBe('refused');
  });

  it.each(['native', 'openai'] as const)('is read in tools and their calls, where it failed open: %s', (dialect) => {
    const call = `[{"function":{"name":"f","arguments":{"a":${nested(9000)}}}}]`;
    const body = `{"model":"m","messages":[{"role":"user","content":"x"},{"tool_calls":${call}}],"tools":${nested(9000)}}`;
    const read = INFERENCE_WIRES[dialect].read('chat', Buffer.from(body));
    expect(read).toMatchObject({ kind: 'ok', request: { tools: nested(9000) } });
    expect(read).toHaveProperty('request.segments.1.text', call);
  });
});
