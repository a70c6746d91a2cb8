import { openSync, readSync, closeSync, fstatSync } from 'node:fs';

/** What Ollama writes when it starts a runner. */
const LOAD = 'starting llama-server';

/** Counts the loads that a server's log tells of, from when it is made. */
export class LoggedLoads {
  readonly #file: string;
  readonly #from: number;

  constructor(file: string) {
    this.#file = file;
    this.#from = sizeOf(file);
  }

  count(): number {
    const handle = openSync(this.#file, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(handle).size - this.#from));
      const read = readSync(handle, bytes, 0, bytes.length, this.#from);
      return bytes.toString('utf8', 0, read).split(LOAD).length - 1;
    } finally {
      closeSync(handle);
    }
  }
}

function sizeOf(file: string): number {
  const handle = openSync(file, 'r');
  try {
    return fstatSync(handle).size;
  } finally {
    closeSync(handle);
  }
}
