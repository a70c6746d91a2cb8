import type { NewEvent } from '@rightsize/event-store';
import { EVENT_TYPES } from '@rightsize/optimizer-core';

export interface WaitingEvent {
  readonly stream: string;
  readonly event: NewEvent;
}

export interface WaitingLimits {
  /** From so many waiting events on, decisions are sampled. */
  readonly sampleFrom: number;
  /** One decision in so many is kept then. */
  readonly sample: number;
  /** Beyond so many nothing is taken: a disk that has been dead for hours must not take the memory too. */
  readonly capacity: number;
}

/** Some 700 bytes each: 2 MiB, and 35 MiB. */
export const WAITING_LIMITS: WaitingLimits = { sampleFrom: 2_000, sample: 10, capacity: 50_000 };

/**
 * Events that wait for the log. When the disk is slower than the traffic, decisions give way first: what
 * became of a request teaches without its decision, a decision without its outcome teaches nothing.
 */
export class WaitingEvents {
  readonly #limits: WaitingLimits;
  #events: WaitingEvent[] = [];
  #decisions = 0;
  #droppedDecisions = 0;
  #lost = 0;

  constructor(limits: WaitingLimits = WAITING_LIMITS) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#events.length;
  }

  /** Decisions that were left out because the disk was slower than the traffic. */
  get droppedDecisions(): number {
    return this.#droppedDecisions;
  }

  /** Other events that could not be kept. */
  get lost(): number {
    return this.#lost;
  }

  push(waiting: WaitingEvent): void {
    const { sampleFrom, sample, capacity } = this.#limits;
    if (this.#events.length >= capacity) {
      this.drop([waiting]);
    } else if (isDecision(waiting) && this.#events.length >= sampleFrom && (this.#decisions += 1) % sample !== 0) {
      this.drop([waiting]);
    } else {
      this.#events.push(waiting);
    }
  }

  /** Takes up to `count` from the front. */
  take(count: number): readonly WaitingEvent[] {
    return this.#events.splice(0, count);
  }

  /** Back to the front, what could not be written; decisions only while there is room for them. */
  putBack(events: readonly WaitingEvent[]): void {
    const { sampleFrom, capacity } = this.#limits;
    const kept = this.#events.length < sampleFrom ? events : events.filter((one) => !isDecision(one));
    const fitting = kept.slice(0, Math.max(0, capacity - this.#events.length));
    this.#events = [...fitting, ...this.#events];
    const stay = new Set(fitting);
    this.drop(events.filter((one) => !stay.has(one)));
  }

  /** Counts events that are given up. */
  drop(events: readonly WaitingEvent[]): void {
    for (const one of events) {
      if (isDecision(one)) this.#droppedDecisions += 1;
      else this.#lost += 1;
    }
  }
}

function isDecision({ event }: WaitingEvent): boolean {
  return event.type === EVENT_TYPES.RequestOptimized;
}
