/** A request whose body contains this is answered with {@link STREAM_CHUNKS} chunks. */
export const STREAM_MARK = '"num_predict":1000';
export const STREAM_CHUNKS = 1000;

export interface Case {
  readonly name: string;
  /** Bytes of a whole HTTP request. */
  readonly request: Buffer;
  /** Connections, each with one request at a time. */
  readonly clients: number;
}

const LARGE_BYTES = 100 * 1024;

/** Small body, 100 KB body, stream; at one client and at 32. */
export function cases(): readonly Case[] {
  const bodies = [
    ['small body', chat([{ role: 'user', content: 'Why is the sky blue?' }])],
    ['100 KB body', chat(conversation(LARGE_BYTES))],
    ['1,000-chunk stream', chat([{ role: 'user', content: 'Write a story.' }], { num_predict: STREAM_CHUNKS })],
  ] as const;
  return [1, 32].flatMap((clients) => bodies.map(([name, body]) => ({ name, clients, request: requestOf(body) })));
}

function chat(messages: readonly object[], options: object = {}): string {
  return JSON.stringify({ model: 'bench', messages, options, stream: true });
}

/** An agent's history: code and prose, with the escapes that JSON needs for them. */
function conversation(bytes: number): object[] {
  const turn =
    'Please look at this:\n\tif (a["key"] === "value") {\n\t\treturn compute(a, \'b\') + 12345;\n\t}\nand say why.\n';
  const messages: object[] = [{ role: 'system', content: 'You are a careful assistant.' }];
  for (let size = 0; size < bytes; size += 2300) {
    messages.push({ role: messages.length % 2 === 1 ? 'user' : 'assistant', content: turn.repeat(20) });
  }
  return messages;
}

function requestOf(body: string): Buffer {
  const head = [
    'POST /api/chat HTTP/1.1',
    'Host: 127.0.0.1',
    'User-Agent: bench/1.0',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}
