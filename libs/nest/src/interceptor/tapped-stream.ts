import { StreamableFile } from '@nestjs/common';
import type { ExchangeObserver } from '@rightsize/optimizer';
import { pipeline, Transform } from 'node:stream';

/** The same answer, whose bytes the observer sees as they go by. */
export function tapped(file: StreamableFile, observer: ExchangeObserver): StreamableFile {
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      observer.chunk(chunk);
      done(null, chunk);
    },
  });
  pipeline(file.getStream(), tap, (error) => {
    if (error) observer.end('upstream-failed');
  });
  return new StreamableFile(tap, file.options);
}
