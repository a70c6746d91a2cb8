/** Requests that were sent and have not ended, by request id, oldest first; a row keeps no more than a few. */
export type Pending<T> = Readonly<Record<string, T>>;

/** More are never at work for one model; what crashed on its way falls out here. */
const MAX_PENDING = 64;

export function remember<T>(pending: Pending<T> | undefined, requestId: string, value: T): Pending<T> {
  const all = { ...pending, [requestId]: value };
  const ids = Object.keys(all);
  if (ids.length > MAX_PENDING) delete all[ids[0]!];
  return all;
}

export function forget<T>(pending: Pending<T> | undefined, requestId: string): Pending<T> {
  if (pending === undefined || !Object.hasOwn(pending, requestId)) return pending ?? {};
  const { [requestId]: _ended, ...others } = pending;
  return others;
}
