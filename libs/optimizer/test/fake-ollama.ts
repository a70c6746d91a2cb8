import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As much of a server as the optimizer asks: what is loaded, and what the models are. */
export interface FakeOllama {
  readonly url: string;
  /** Windows by model name. */
  readonly loaded: Map<string, number>;
  /** Requests seen, as `METHOD path`. */
  readonly seen: string[];
  /** What `/api/ps` answers with; 200 shows `loaded`. */
  psStatus: number;
  close(): Promise<void>;
}

export async function startFakeOllama(): Promise<FakeOllama> {
  const loaded = new Map<string, number>();
  const seen: string[] = [];
  const fake = { loaded, seen, psStatus: 200 };
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { status, json } = answer(request.url ?? '', body, fake);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(fake, { url: `http://127.0.0.1:${port}`, close });
}

function answer(
  path: string,
  body: string,
  fake: { loaded: Map<string, number>; psStatus: number },
): { status: number; json: unknown } {
  if (path === '/api/ps') return { status: fake.psStatus, json: { models: [...fake.loaded].map(loadedEntry) } };
  if (path !== '/api/show') return { status: 404, json: { error: 'not found' } };
  const { model } = JSON.parse(body) as { model: string };
  if (model.startsWith('missing')) return { status: 404, json: { error: `model '${model}' not found` } };
  return {
    status: 200,
    json: {
      ...(model.startsWith('remote') ? { remote_host: 'https://ollama.com' } : {}),
      model_info: {
        'general.architecture': 'llama',
        'llama.context_length': 131_072,
        'llama.block_count': 32,
        'llama.attention.head_count': 32,
        'llama.attention.head_count_kv': 8,
        'llama.attention.key_length': 128,
        'llama.attention.value_length': 128,
      },
      capabilities: ['completion'],
    },
  };
}

function loadedEntry([name, contextLength]: [string, number]): object {
  const expiresAt = new Date(Date.now() + 300_000).toISOString();
  return {
    name,
    model: name,
    digest: 'd',
    size: 1,
    size_vram: 1,
    expires_at: expiresAt,
    context_length: contextLength,
  };
}
