import { Pool } from 'undici';

/** A look that takes longer than this tells nothing about now. */
const TIMEOUT_MS = 5_000;

export interface Answered {
  readonly status: number;
  /** Null unless the status is 200; undefined when that came without JSON. */
  readonly json: unknown;
  /** The time on the server's own clock, to the second; ours when it does not say. */
  readonly dateMs: number;
  /** What it calls itself in its `server` header; empty when it does not. */
  readonly product: string;
}

/** Asks a model server about itself, on connections of its own: a busy server must not delay looks. */
export class AskedServer {
  readonly #pool: Pool;

  constructor(upstream: string) {
    this.#pool = new Pool(upstream, { connections: 2, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  }

  /** Rejects when it cannot be reached or does not answer in time. */
  async ask(method: 'GET' | 'POST', path: string, json?: object): Promise<Answered> {
    const { statusCode, headers, body } = await this.#pool.request({
      method,
      path,
      ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
    });
    const text = await body.text();
    const date = Date.parse(String(headers['date']));
    const dateMs = Number.isFinite(date) ? date : Date.now();
    const product = String(headers['server'] ?? '');
    return { status: statusCode, json: statusCode === 200 ? parsed(text) : null, dateMs, product };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Whoever is asked may be no such server at all. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
