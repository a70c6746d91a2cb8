/**
 * The least that an Ollama server can be: it reads a body and answers as fast as it can, so that
 * what is measured is what stands in front of it. `node overhead-upstream.js` prints its URL.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPENAI_PATH, STREAM_MARK, STREAM_CHUNKS } from './overhead-cases.js';

const LINE = `${JSON.stringify({ model: 'bench', created_at: '2026-11-01T00:00:00Z', message: { role: 'assistant', content: ' token' }, done: false })}\n`;
const FINAL = `${JSON.stringify({
  model: 'bench',
  created_at: '2026-11-01T00:00:00Z',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  total_duration: 5_000_000,
  load_duration: 1_000_000,
  prompt_eval_count: 20,
  prompt_eval_duration: 2_000_000,
  eval_count: 2,
  eval_duration: 1_000_000,
})}\n`;
/** As Ollama's own translation says the same: a chunk, the end, and the line that says so. */
const EVENTS = [
  { delta: { role: 'assistant', content: ' token' }, finish_reason: null },
  { delta: {}, finish_reason: 'stop' },
]
  .map((choice) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_793_491_200,
    model: 'bench',
    system_fingerprint: 'fp_ollama',
    choices: [{ index: 0, ...choice }],
  }))
  .map((event) => `data: ${JSON.stringify(event)}\n\n`);
/** Tokens. A server that went on showing another window than it was asked for would be looked at before each decision. */
let window = 65_536;

function loaded(): string {
  const model = { name: 'bench:latest', model: 'bench:latest', digest: 'd', size: 1e9, size_vram: 0 };
  return JSON.stringify({ models: [{ ...model, context_length: window, expires_at: '2099-01-01T00:00:00Z' }] });
}

/** Where options are written into a body: looking through all of a large one would be part of what is measured. */
const ENDS = 256;

function takeWindow(body: Buffer): void {
  const ends = body.toString('latin1', 0, ENDS) + body.toString('latin1', Math.max(0, body.length - ENDS));
  const asked = /"num_ctx":\s*(\d+)/.exec(ends);
  if (asked) window = Number(asked[1]);
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/api/ps') return void response.end(loaded());
    if (request.url === OPENAI_PATH) return answerOpenAi(response);
    if (request.url !== '/api/chat') return void response.end('{}');
    const body = Buffer.concat(chunks);
    takeWindow(body);
    answer(response, body.includes(STREAM_MARK) ? STREAM_CHUNKS : 1);
  });
});

/** One chunk a turn of the loop, as tokens come: each is a write, a packet and an event of its own. */
function answer(response: ServerResponse, chunks: number): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const next = (left: number): void => {
    if (response.destroyed) return;
    if (left === 0) return void response.end(FINAL);
    response.write(LINE);
    if (chunks === 1) next(0);
    else setImmediate(next, left - 1);
  };
  next(chunks);
}

function answerOpenAi(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(EVENTS[0]);
  response.write(EVENTS[1]);
  response.end('data: [DONE]\n\n');
}

server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
