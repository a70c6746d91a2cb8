/**
 * Requests that were sent and have not ended, by request id, oldest first; a row keeps no more than a few. Pairs and
 * no object: one whose keys come and go is copied slowly, and each event makes a copy.
 */
export type Pending<T> = readonly (readonly [requestId: string, value: T])[];

/** More are never at work for one model; what crashed on its way falls out here. */
const MAX_PENDING = 64;

export function remember<T>(pending: Pending<T> | undefined, requestId: string, value: T): Pending<T> {
  return [...forget(pending, requestId).slice(1 - MAX_PENDING), [requestId, value]];
}

/** The same when it was not there. */
export function forget<T>(pending: Pending<T> | undefined, requestId: string): Pending<T> {
  const index = indexOf(pending, requestId);
  return pending === undefined || index < 0 ? (pending ?? []) : pending.toSpliced(index, 1);
}

/** What was remembered of a request. */
export function pendingOf<T>(pending: Pending<T> | undefined, requestId: string): T | undefined {
  return pending?.[indexOf(pending, requestId)]?.[1];
}

function indexOf<T>(pending: Pending<T> | undefined, requestId: string): number {
  return pending === undefined ? -1 : pending.findIndex(([id]) => id === requestId);
}
