import { keyedDigest } from './keyed-digest.js';

const HOUR_MS = 3_600_000;

/** What is known of where a request belongs. */
export interface Session {
  readonly model: string;
  /** Keyed name of its conversation; null: what is no chat. */
  readonly conversation: string | null;
  readonly client: string | null;
  readonly templateId: string | null;
  readonly atMs: number;
}

/**
 * Whether a session goes as it came, to compare others with: so many of all, drawn by a keyed hash, so that all turns of a
 * conversation are on one side and no client can choose its own. Calls outside of chats belong together by client and
 * template for an hour: a batch is on one side too.
 */
export function isControl(secret: string, share: number, session: Session): boolean {
  if (share <= 0) return false;
  const { model, conversation, client, templateId, atMs } = session;
  const others = [client ?? '', templateId ?? '', String(Math.floor(atMs / HOUR_MS))];
  const name = conversation === null ? others : [conversation];
  const digest = keyedDigest(secret, ['control', model, ...name].join('\0'));
  return parseInt(digest.slice(0, 8), 16) < share * 2 ** 32;
}
