import { crc32 } from 'node:zlib';

/** What a checksum covers: everything of an event but its position, which an export may be without. */
export interface ChecksumInput {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly recordedAtMs: number;
  /** JSON, as it is stored. */
  readonly data: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
}

/**
 * CRC-32 of an event. It finds what a disk, a copy or a hand has changed by accident; who changes an
 * event on purpose can make a new one. Lost events show by gaps in positions and versions.
 */
export function eventChecksum(event: ChecksumInput): number {
  const { id, stream, version, type, schemaVersion, recordedAtMs, correlationId, causationId, data } = event;
  const head = `${id}\n${stream}\n${version}\n${type}\n${schemaVersion}\n${recordedAtMs}\n`;
  return crc32(`${head}${correlationId ?? ''}\n${causationId ?? ''}\n${data}`);
}
