import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES_OF_ONE = 16;
const pool = Buffer.alloc(256 * BYTES_OF_ONE);
let used = pool.length;

/** A UUIDv7. Asking the system for randomness costs as much as deciding a request, so it is asked for 256 at once. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + BYTES_OF_ONE);
  used += BYTES_OF_ONE;
  return v7({ random });
}
