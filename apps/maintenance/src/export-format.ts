import type { SnapshotRow, StoredEvent } from '@rightsize/event-store-sqlite';

/** The first line of an export. */
export interface ExportHeader {
  /** Version of the format. */
  readonly rightsizeExport: 1;
  /** The log begins after this position; what came before is in the snapshot lines. */
  readonly floor: number;
  readonly head: number;
  readonly anonymised: boolean;
}

/** The last line: without it the export was cut off. */
export interface ExportEnd {
  readonly end: { readonly events: number; readonly snapshotRows: number };
}

/** One line of an export. */
export type ExportLine =
  | { readonly kind: 'header'; readonly header: ExportHeader }
  | { readonly kind: 'snapshot'; readonly row: SnapshotRow }
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'end'; readonly end: ExportEnd['end'] };

/** Data is JSON within the line, not text: the file can be read by whoever reads NDJSON. */
export function eventLine(event: StoredEvent): string {
  const { data, ...rest } = event;
  return `${JSON.stringify(rest).slice(0, -1)},"data":${data}}`;
}

export function snapshotLine({ row, ...rest }: SnapshotRow): string {
  return `${JSON.stringify({ snapshot: rest }).slice(0, -1)},"row":${row}}`;
}

/** Throws an Error that names the line when it is none of an export. */
export function parseLine(text: string, number: number): ExportLine {
  const line = parsedJson(text, number);
  if ('rightsizeExport' in line) {
    if (line['rightsizeExport'] !== 1) throw new Error(`line ${number}: made by a newer Rightsize; upgrade this one`);
    return { kind: 'header', header: line as unknown as ExportHeader };
  }
  if ('end' in line) return { kind: 'end', end: (line as unknown as ExportEnd).end };
  if ('snapshot' in line) {
    const row = { ...(line['snapshot'] as Omit<SnapshotRow, 'row'>), row: JSON.stringify(line['row']) };
    return { kind: 'snapshot', row };
  }
  if (typeof line['position'] === 'number' && typeof line['id'] === 'string' && 'data' in line) {
    return { kind: 'event', event: { ...(line as unknown as StoredEvent), data: JSON.stringify(line['data']) } };
  }
  throw new Error(`line ${number} is not a line of an export`);
}

function parsedJson(text: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, with the line's number.
  }
  throw new Error(`line ${number} is not a line of an export`);
}
