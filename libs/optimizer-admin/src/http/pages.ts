import { BadRequestException } from '@nestjs/common';

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; null: this is the last. */
  readonly next: string | null;
}

/**
 * A part of a list whose entries have keys. The cursor names the last entry that was seen, so that
 * entries that come and go meanwhile neither repeat nor hide others.
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (entry: T) => string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Page<T> {
  const from = cursor === undefined ? 0 : after(all, keyOf, cursor);
  const items = all.slice(from, from + limit);
  const last = items.at(-1);
  const more = from + items.length < all.length;
  return { items, next: more && last !== undefined ? Buffer.from(keyOf(last)).toString('base64url') : null };
}

function after<T>(all: readonly T[], keyOf: (entry: T) => string, cursor: string): number {
  const key = Buffer.from(cursor, 'base64url').toString();
  const at = all.findIndex((entry) => keyOf(entry) === key);
  if (at < 0)
    throw new BadRequestException('the cursor points to nothing that is there (any more): begin again without one');
  return at + 1;
}
