import { unpackZstd } from '@rightsize/ollama';

const TEXT = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'zstd '.repeat(40) }], max_tokens: 2 });
/** The same without the spaces of the program that packed it. */
const compact = (packed: Buffer | null): string =>
  packed === null ? 'null' : JSON.stringify(JSON.parse(packed.toString()));

/** Packed with zstd 1.5 from a file, so with its length. */
const WITH_LENGTH = Buffer.from(
  'KLUv/WQWAH0CADIEDxagtTng12MlLaElWmWTbqtazIYlqjIQTbjSKyOYBcAQrXfygVROhcbyEyNcZcOV3of5nXpBU68U+WAqCwUAehMMIAppm2aCMiK35hPufA2V',
  'base64',
);
/** From a pipe, so without. */
const WITHOUT_LENGTH = Buffer.from(
  'KLUv/QRYdQIAMkURGIApzQEQhLhN2bYQDor1EBMEPw5qYlFcEAmgNJ4yXA4Qxm4RJLdITFw6T+U5wi0fhYdLl3HHSKA0VsEglt2yXdqo4mwkAQAOBFWg7nwNlQ==',
  'base64',
);

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

function block(last: boolean, type: 'raw' | 'rle', size: number): number[] {
  const header = (size << 3) | (type === 'rle' ? 2 : 0) | (last ? 1 : 0);
  return [header & 0xff, (header >> 8) & 0xff, header >> 16];
}

/** A frame of blocks that repeat one byte, `KIB` KiB each: a bomb when there are many. */
function bomb(blocks: number, header: number[]): Buffer {
  const parts = Array.from({ length: blocks }, (_, at) => [...block(at === blocks - 1, 'rle', 131_072), 0x20]);
  return Buffer.from([...MAGIC, ...header, ...parts.flat()]);
}

describe('a body in zstd', () => {
  it('is unpacked, with a length in its header or without', () => {
    expect(compact(unpackZstd(WITH_LENGTH))).toBe(TEXT);
    expect(compact(unpackZstd(WITHOUT_LENGTH))).toBe(TEXT);
  });

  it('is not unpacked beyond 20 MiB, whatever its header says', () => {
    // A window of 128 KiB, no length; 160 blocks are 20 MiB.
    expect(unpackZstd(bomb(160, [0x00, 0x38]))?.length).toBe(20 * 2 ** 20);
    expect(unpackZstd(bomb(161, [0x00, 0x38]))).toBeNull();
    const declared = Buffer.alloc(8);
    declared.writeBigUInt64LE(2n ** 34n);
    expect(unpackZstd(bomb(1, [0xc0, 0x38, ...declared]))).toBeNull();
  });

  it('does not get a window of more than 8 MiB', () => {
    expect(unpackZstd(bomb(1, [0x00, 13 << 3]))?.length).toBe(131_072);
    expect(unpackZstd(bomb(1, [0x00, (13 << 3) | 1]))).toBeNull();
    expect(unpackZstd(bomb(1, [0x00, 0xff]))).toBeNull();
  });

  it('does not get many small blocks in a large window, which would cost minutes', () => {
    const tiny = Array.from({ length: 300 }, (_, at) => [...block(at === 299, 'rle', 1), 0x20]).flat();
    expect(unpackZstd(Buffer.from([...MAGIC, 0x00, 0x38, ...tiny]))?.length).toBe(300);
    expect(unpackZstd(Buffer.from([...MAGIC, 0x00, 13 << 3, ...tiny]))).toBeNull();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['plain text', Buffer.from('{"model":"m","prompt":"x"}')],
    ['a frame cut short', WITH_LENGTH.subarray(0, 40)],
    ['two frames', Buffer.concat([WITH_LENGTH, WITH_LENGTH])],
    ['a frame and more', Buffer.concat([WITH_LENGTH, Buffer.from('x')])],
  ])('is left to the server when it is %s', (_what, body) => {
    expect(unpackZstd(body)).toBeNull();
  });
});
