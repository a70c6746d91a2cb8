const NEWLINE = 0x0a;
/** No line of an answer is near this long, bytes; what is longer is no answer of Ollama's. */
const MAX_LINE_BYTES = 64 * 2 ** 20;

/** Cuts a stream of bytes into its lines, wherever its chunks end: inside a character or before a line break. */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** The lines that a chunk completes, without their breaks and without empty ones. Throws a RangeError for a line without end. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(...this.end());
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** What came after the last break: one line or none. */
  end(): Buffer[] {
    const line = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest, this.#restBytes);
    this.#rest = [];
    this.#restBytes = 0;
    return line.length === 0 ? [] : [line];
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#rest.push(part);
    this.#restBytes += part.length;
    if (this.#restBytes > MAX_LINE_BYTES) throw new RangeError('an answer has a line without end');
  }
}
