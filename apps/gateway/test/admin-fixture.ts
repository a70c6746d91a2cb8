import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { send, type Answer } from './gateway-fixture.js';
import { chat, SettingsBench } from './settings-fixture.js';

export const KEY = 'a-key-that-may-change';
export const READ_KEY = 'a-key-that-may-read';
export const KEYS = `admin:\n  key: ${KEY}\n  read-key: ${READ_KEY}\n`;

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

interface Operation {
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>>;
}

/** Asks the API, and holds every answer against its description. */
export class Client {
  readonly #document: Document;
  readonly #url: string;
  readonly #key: string | null;
  readonly #ajv = new Ajv2020({ strict: false });
  readonly asked = new Set<string>();

  constructor(url: string, document: Document, key: string | null) {
    this.#url = url;
    this.#document = document;
    this.#key = key;
    this.#ajv.addSchema({ $id: 'document', components: document.components });
  }

  async ask(method: string, route: string, options: { path?: string; body?: unknown; headers?: string[] } = {}) {
    const { path = route, body, headers = [] } = options;
    const answer = await send(`${this.#url}/rightsize/v1${path}`, {
      method,
      headers: [
        ...(this.#key === null ? [] : ['Authorization', `Bearer ${this.#key}`]),
        ...(body === undefined ? [] : ['Content-Type', 'application/json']),
        ...headers,
      ],
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    this.#hold(method, route, answer);
    const text = answer.body.toString();
    return {
      status: answer.status,
      headers: answer.message.headers,
      json: (text === '' ? null : JSON.parse(text)) as never,
    };
  }

  #hold(method: string, route: string, { status, message, body }: Answer): void {
    const operation = this.#document.paths[`/rightsize/v1${route.split('?')[0]}`]?.[method.toLowerCase()];
    if (operation === undefined) throw new Error(`${method} ${route} is not described`);
    this.asked.add(`${method} ${route.split('?')[0]}`);
    if (status === 304) return;
    const described = operation.responses[status] ?? operation.responses['default'];
    const type = (message.headers['content-type'] ?? '').split(';')[0]!;
    const schema = described?.content?.[type]?.schema;
    if (schema === undefined) throw new Error(`${method} ${route}: ${status} ${type} is not described`);
    const validate = this.#compile(schema);
    if (!validate(JSON.parse(body.toString()))) {
      throw new Error(`${method} ${route}: ${this.#ajv.errorsText(validate.errors)}: ${body.toString().slice(0, 500)}`);
    }
  }

  #compile(schema: object): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('#/components', 'document#/components');
    return this.#ajv.compile(JSON.parse(text) as object);
  }
}

export async function start(
  bench: SettingsBench,
  yaml = '',
): Promise<{ url: string; client: Client; document: Document; as: (key: string | null) => Client }> {
  const { url } = await bench.start(yaml);
  const headers = yaml.includes(KEYS) ? ['Authorization', `Bearer ${KEY}`] : [];
  const document = JSON.parse((await send(`${url}/rightsize/openapi.json`, { headers })).body.toString()) as Document;
  const as = (key: string | null): Client => new Client(url, document, key);
  return { url, document, as, client: as(yaml.includes(KEY) ? KEY : null) };
}

/** Waits until something that becomes true behind the requests is. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
  }
}

export async function decided(url: string, client: Client): Promise<string> {
  await chat(url, { client: 'editor' });
  await eventually(async () => {
    const { json } = await client.ask('GET', '/models');
    return (json as { items: { completions: number }[] }).items[0]?.completions;
  });
  return eventually(async () => {
    const { json } = await client.ask('GET', '/events', { path: '/events?type=request.completed' });
    return (json as { items: { data: { requestId: string } }[] }).items[0]?.data.requestId;
  });
}
