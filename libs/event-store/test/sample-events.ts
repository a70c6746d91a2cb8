import type { EventStore, NewEvent, RecordedEvent } from '@rightsize/event-store';

let serial = 0;

/** An id of the shape of a UUIDv7, distinct in this process. */
export function sampleId(): string {
  serial += 1;
  return `019363a0-0000-7000-8000-${serial.toString(16).padStart(12, '0')}`;
}

export function sampleEvent(overrides: Partial<NewEvent> = {}): NewEvent {
  return { id: sampleId(), type: 'sample', schemaVersion: 1, data: { tokens: 7 }, metadata: {}, ...overrides };
}

export function sampleEvents(count: number, overrides: Partial<NewEvent> = {}): readonly NewEvent[] {
  return Array.from({ length: count }, () => sampleEvent(overrides));
}

/** The whole log, read in pages of `limit`. */
export async function readWholeLog(store: EventStore, limit = 100): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readAll({ after: events.at(-1)?.position ?? 0, limit });
    events.push(...page);
    if (page.length < limit) return events;
  }
}

export function idsOf(events: readonly { readonly id: string }[]): readonly string[] {
  return events.map((event) => event.id);
}

/** Resolves at the next call of the listener. */
export function nextAppended(store: EventStore): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onAppended(() => {
      stop();
      resolve();
    });
  });
}
