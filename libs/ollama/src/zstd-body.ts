import { Decompress, decompress } from 'fzstd';

/** What Ollama takes on its `/v1` routes, bytes: of memory for a window, and of text. */
const MAX_WINDOW = 8 * 2 ** 20;
const MAX_BODY = 20 * 2 ** 20;
/** Each block of a frame of unknown length costs a move of its window: this many bytes take half a second. */
const MAX_MOVED = 2 * 2 ** 30;
const MAGIC = 0xfd2fb528;
const RLE = 1;

interface Frame {
  /** Bytes; null when the frame does not say. */
  readonly size: number | null;
  readonly window: number;
  readonly blocks: number;
}

/**
 * The text of a body in zstd, within the bounds that Ollama has. Null for what exceeds them, for what is
 * broken and for what needs more than one frame: that is for the server to judge. All bounds are checked
 * before anything is unpacked, because a header of nine bytes can ask for gigabytes.
 */
export function unpackZstd(body: Buffer): Buffer | null {
  const frame = readFrame(body);
  if (frame === null || frame.window > MAX_WINDOW || (frame.size ?? 0) > MAX_BODY) return null;
  try {
    return frame.size === null ? unpackStream(body, frame) : Buffer.from(decompress(body, new Uint8Array(frame.size)));
  } catch {
    return null;
  }
}

function unpackStream(body: Buffer, { window, blocks }: Frame): Buffer | null {
  if (window * blocks > MAX_MOVED) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream = new Decompress((chunk) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY) throw new RangeError('too large');
    chunks.push(chunk);
  });
  stream.push(body, true);
  return Buffer.concat(chunks, bytes);
}

/** Walks a frame from block to block. Null when it is broken, or when something follows it. */
function readFrame(body: Buffer): Frame | null {
  if (body.length < 9 || body.readUInt32LE(0) !== MAGIC) return null;
  const flags = body[4]!;
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const sizeAt = (isSingle ? 5 : 6) + dictionaryBytes;
  if (dictionaryBytes > 0 || body.length < sizeAt + sizeBytes) return null;
  const size = sizeBytes === 0 ? null : readSize(body, sizeAt, sizeBytes);
  const blocks = countBlocks(body, sizeAt + sizeBytes, (flags & 4) === 0 ? 0 : 4);
  return blocks === null ? null : { size, blocks, window: isSingle ? size! : windowOf(body[5]!) };
}

function readSize(body: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(body.readBigUInt64LE(at));
  return body.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function countBlocks(body: Buffer, start: number, checksumBytes: number): number | null {
  let blocks = 0;
  for (let at = start; at + 3 <= body.length;) {
    const header = body.readUIntLE(at, 3);
    at += 3 + (((header >> 1) & 3) === RLE ? 1 : header >> 3);
    blocks += 1;
    if ((header & 1) === 1) return at + checksumBytes === body.length ? blocks : null;
  }
  return null;
}
