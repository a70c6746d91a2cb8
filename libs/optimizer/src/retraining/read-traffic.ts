import type { EventStore } from '@rightsize/event-store';
import { Learner, type Knowledge } from '@rightsize/ollama-model';
import { TrafficRecorder, type LeftOut, type RecordedRequest, type TrafficEvent } from '@rightsize/optimizer-core';
import { EVENT_UPCASTERS } from '../event-upcasters.js';

/** Events read at once. */
const PAGE = 1_000;

/** Requests kept in memory, the latest: some 100 MB. */
const CAPACITY = 50_000;

/** What traffic is made of; others are not even read. */
const TYPES: readonly TrafficEvent['type'][] = [
  'request.optimized',
  'request.refused',
  'request.completed',
  'runner.reloaded',
  'truncation.detected',
];

/** A stretch of the log: positions, and times of appending in milliseconds since the epoch; both ends included. */
export interface Stretch {
  readonly from?: number;
  readonly to?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** Called now and then with the position reached and that of the log's end. */
export type OnRead = (position: number, head: number) => void;

export interface Traffic {
  readonly requests: readonly RecordedRequest[];
  readonly leftOut: LeftOut & { readonly earlier: number };
  /** Positions of the first and last event that was read; 0 when there was none. */
  readonly first: number;
  readonly last: number;
  /** When the last event was decided or ended, milliseconds since the epoch. */
  readonly lastMs: number;
}

/** The requests of a stretch of the log, of one model or of all. */
export async function readTraffic(
  store: EventStore,
  stretch: Stretch,
  model: string | null,
  onRead: OnRead = () => undefined,
): Promise<Traffic> {
  const recorder = new TrafficRecorder(CAPACITY);
  let [first, last, lastMs] = [0, 0, 0];
  await eachEvent(store, stretch, onRead, (event, position) => {
    if (model !== null && event.data.model !== model) return;
    recorder.add(event, position);
    if (first === 0) first = position;
    last = position;
    lastMs = event.data.atMs;
  });
  return { requests: recorder.requests(), leftOut: recorder.leftOut, first, last, lastMs };
}

/** What a gateway knew of each model right before each of the positions given, ascending, and at the stretch's end. */
export async function knowledgeAt(
  store: EventStore,
  stretch: Stretch,
  positions: readonly number[],
  onRead: OnRead = () => undefined,
): Promise<readonly ReadonlyMap<string, Knowledge>[]> {
  const learners = new Map<string, Learner>();
  const known: ReadonlyMap<string, Knowledge>[] = [];
  const note = (): void => {
    known.push(new Map([...learners].map(([model, learner]) => [model, learner.known()])));
  };
  await eachEvent(store, stretch, onRead, (event, position) => {
    while (known.length < positions.length && position >= positions[known.length]!) note();
    const { model } = event.data;
    let learner = learners.get(model);
    if (learner === undefined) {
      learner = new Learner(model);
      learners.set(model, learner);
    }
    learner.fold(event);
  });
  while (known.length <= positions.length) note();
  return known;
}

async function eachEvent(
  store: EventStore,
  { from = 1, to = Number.MAX_SAFE_INTEGER, sinceMs = 0, untilMs = Infinity }: Stretch,
  onRead: OnRead,
  use: (event: TrafficEvent, position: number) => void,
): Promise<void> {
  const head = Math.min(to, await store.head());
  for (let after = from - 1; after < head;) {
    const page = await store.readAll({ after, limit: PAGE, types: TYPES });
    for (const event of page) {
      if (event.position > head) break;
      if (event.recordedAtMs < sinceMs || event.recordedAtMs > untilMs) continue;
      const { type, data } = EVENT_UPCASTERS.upcast(event);
      use({ type, data } as TrafficEvent, event.position);
    }
    after = page.length < PAGE ? head : page.at(-1)!.position;
    onRead(Math.min(after, head), head);
  }
}
