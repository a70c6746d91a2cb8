import type { ServerResponse } from 'node:http';

/** How an answer of the upstream reaches the client. */
export interface AnswerDelivery {
  /** Status and raw headers, once, before all else. */
  begin(status: number, statusMessage: string | undefined, headers: readonly string[]): void;
  /** False when the client is slow: wait for the response's drain. */
  write(chunk: Buffer): boolean;
  end(): void;
}

/** As it comes. */
export class PlainDelivery implements AnswerDelivery {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  begin(status: number, statusMessage: string | undefined, headers: readonly string[]): void {
    this.#response.writeHead(status, statusMessage, headers as string[]);
    flushSoon(this.#response);
  }

  write(chunk: Buffer): boolean {
    return this.#response.write(chunk);
  }

  end(): void {
    this.#response.end();
  }
}

/** In the next tick a first chunk that came along has been written; if none has, the headers go alone. */
export function flushSoon(response: ServerResponse): void {
  process.nextTick(flush, response);
}

function flush(response: ServerResponse): void {
  // Writing a header block of its own costs a packet; after the first write it has long gone.
  if (!response.writableEnded && response.socket !== null && response.socket.writableLength === 0)
    response.flushHeaders();
}
