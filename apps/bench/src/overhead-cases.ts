/** A request whose body contains this is answered with {@link STREAM_CHUNKS} chunks. */
export const STREAM_MARK = '"num_predict":1000';
export const STREAM_CHUNKS = 1000;
/** Direct it is answered as it is; the deciding gateway asks the native route instead. */
export const OPENAI_PATH = '/v1/chat/completions';

export interface Case {
  readonly name: string;
  /** Bytes of a whole HTTP request. */
  readonly request: Buffer;
  /** Connections, each with one request at a time. */
  readonly clients: number;
}

const LARGE_BYTES = 100 * 1024;

/** Small body, 100 KB body, stream, and a small body that is translated from OpenAI's dialect; at one client and at 32. */
export function cases(): readonly Case[] {
  const small = [{ role: 'user', content: 'Why is the sky blue?' }];
  const requests = [
    ['small body', requestOf('/api/chat', chat(small))],
    ['100 KB body', requestOf('/api/chat', chat(conversation(LARGE_BYTES)))],
    ['1,000-chunk stream', requestOf('/api/chat', chat(small, { num_predict: STREAM_CHUNKS }))],
    ['small body, /v1', requestOf(OPENAI_PATH, JSON.stringify({ model: 'bench', messages: small, stream: true }))],
  ] as const;
  return [1, 32].flatMap((clients) => requests.map(([name, request]) => ({ name, clients, request })));
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

function requestOf(path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: bench/1.0',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}
