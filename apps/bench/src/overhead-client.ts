import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Case } from './overhead-cases.js';

/** What ends a chunked answer, and every answer here is one. */
const END = Buffer.from('\r\n0\r\n\r\n');

/**
 * A client that costs next to nothing, so that it does not drown what it measures: prepared bytes
 * out, and of the answer only its status and its end are read.
 */
class RawClient {
  readonly #socket: Socket;
  readonly #tail = Buffer.alloc(END.length);
  #fresh = true;
  #done: (error?: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('close', () => this.#done(new Error('connection closed')));
    socket.on('error', (error) => this.#done(error));
  }

  static async open(url: URL): Promise<RawClient> {
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(request: Buffer): Promise<void> {
    this.#fresh = true;
    this.#tail.fill(0);
    return new Promise((resolve, reject) => {
      this.#done = (error) => (error ? reject(error) : resolve());
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#done = () => undefined;
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#fresh && !chunk.subarray(9, 12).equals(Buffer.from('200'))) {
      return this.#done(new Error(chunk.toString('latin1', 0, 300)));
    }
    this.#fresh = false;
    if (chunk.length >= END.length) chunk.copy(this.#tail, 0, chunk.length - END.length);
    else {
      this.#tail.copyWithin(0, chunk.length);
      chunk.copy(this.#tail, END.length - chunk.length);
    }
    if (this.#tail.equals(END)) this.#done();
  }
}

export interface Load {
  /** Milliseconds from the first byte out to the last byte in, one per request. */
  readonly latencies: readonly number[];
  readonly seconds: number;
}

/** Sends the case's request over and over, one at a time on each connection, for so many seconds. */
export async function load(url: string, { request, clients }: Case, seconds: number): Promise<Load> {
  const opened = await Promise.all(Array.from({ length: clients }, () => RawClient.open(new URL(url))));
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    opened.map(async (client) => {
      for (let now = performance.now(); now < until; now = performance.now()) {
        await client.send(request);
        latencies.push(performance.now() - now);
      }
    }),
  );
  const elapsed = (performance.now() - begun) / 1000;
  for (const client of opened) client.close();
  return { latencies, seconds: elapsed };
}
