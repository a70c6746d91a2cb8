import { connect } from 'node:net';
import type { Hostile } from './hostile-requests.js';

const STALLED_MS = 1500;

/** Writes bytes to a server and reads until the connection is closed: the classes of all answers, `2`, `4`, `5`. */
export function exchange(url: string, { parts, then }: Hostile): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    let stalled = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    // A server that waits for more than it is told: that counts as a class of its own.
    socket.setTimeout(STALLED_MS, () => {
      stalled = '~';
      socket.destroy();
    });
    socket.on('close', () =>
      resolve([...text.matchAll(/HTTP\/1\.1 ([2-5])\d\d /g)].map(([, digit]) => digit).join('') + stalled),
    );
    const write = (at: number): void => {
      if (socket.destroyed) return;
      if (at < parts.length) {
        socket.write(parts[at]!);
        setImmediate(write, at + 1);
      } else if (then === 'hang-up') socket.destroy();
      else if (then === 'half-close') socket.end();
    };
    socket.once('connect', () => write(0));
  });
}
