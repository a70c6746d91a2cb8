import type { EventStore } from '@rightsize/event-store';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

const PAGE = 100;
/** Proxies and clients give up on a connection that says nothing. */
const COMMENT_MS = 15_000;

/**
 * Streams the log from a position on until the client leaves. The store only hints that there is
 * something new; each look reads on from the last position, so none is missed or told twice. A slow
 * client is waited for, and nothing is held for it.
 */
export async function tail(
  store: EventStore,
  after: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': events follow\n\n');
  let wake = (): void => undefined;
  const woken = (): void => wake();
  const stopListening = store.onAppended(woken);
  const alive = setInterval(() => response.write(':\n\n'), COMMENT_MS);
  request.once('close', woken);
  response.once('close', woken);
  let position = after;
  try {
    while (!response.destroyed && !response.writableEnded) {
      const news = new Promise<void>((resolve) => (wake = resolve));
      const page = await store.readAll({ after: position, limit: PAGE });
      for (const event of page) {
        position = event.position;
        const line = `id: ${position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
        if (!response.write(line)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        if (response.destroyed) return;
      }
      if (page.length < PAGE) await news;
    }
  } finally {
    clearInterval(alive);
    stopListening();
    response.end();
  }
}
