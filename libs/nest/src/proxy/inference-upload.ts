import type { IncomingMessage } from 'node:http';

export type Upload =
  | { readonly kind: 'complete'; readonly body: Buffer }
  /** More than the bound, as declared or as counted. The rest is still to be read. */
  | { readonly kind: 'too-large' }
  /** The client went away in the middle. */
  | { readonly kind: 'aborted' };

/** Reads a body of at most `maxBytes` into memory and calls back once, in the tick in which it is known. */
export function readUpload(request: IncomingMessage, maxBytes: number, done: (upload: Upload) => void): void {
  if (declaresMoreThan(request, maxBytes)) return done({ kind: 'too-large' });
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (upload: Upload): void => {
    request.off('data', onData);
    request.off('end', onEnd);
    request.off('close', onClose);
    done(upload);
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes) return finish({ kind: 'too-large' });
    chunks.push(chunk);
  };
  const onEnd = (): void =>
    finish({ kind: 'complete', body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes) });
  const onClose = (): void => finish({ kind: 'aborted' });
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('close', onClose);
  request.on('error', ignore);
}

export function declaresMoreThan(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

/** An error of a request is followed by its close, which is what counts. */
function ignore(): void {}
