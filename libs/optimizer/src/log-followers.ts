import { Observable, type Subscriber } from 'rxjs';
import type { RecordedEvent } from '@rightsize/event-store';
import type { LogStorage } from './ports.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';

const PAGE = 100;

/** Reads the log on for one subscriber. */
class Follower {
  readonly #subscriber: Subscriber<RecordedEvent>;
  #position: number | null;
  #storage: LogStorage | null = null;
  #stopListening: () => void = () => undefined;
  #reading: Promise<void> | null = null;
  #hasNews = false;

  /** `after`: position after which to begin; null: whatever comes from now on. */
  constructor(subscriber: Subscriber<RecordedEvent>, after: number | null) {
    this.#subscriber = subscriber;
    this.#position = after;
  }

  attach(storage: LogStorage): void {
    this.#storage = storage;
    this.#stopListening = storage.store.onAppended(() => void this.#read());
    void this.#read();
  }

  /** What is in the log by now is still told. */
  async finish(): Promise<void> {
    await this.#read();
    this.stop();
    this.#subscriber.complete();
  }

  stop(): void {
    this.#stopListening();
    this.#storage = null;
  }

  /** The store only hints that there is something new: what comes during a look is seen by the next one. */
  #read(): Promise<void> {
    this.#hasNews = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#hasNews && this.#storage) {
        this.#hasNews = false;
        await this.#readOn(this.#storage);
      }
    } catch (error) {
      this.stop();
      this.#subscriber.error(error);
    }
  }

  async #readOn({ store }: LogStorage): Promise<void> {
    this.#position ??= await store.head();
    for (let isEnd = false; !isEnd && !this.#subscriber.closed;) {
      const page = await store.readAll({ after: this.#position, limit: PAGE });
      isEnd = page.length < PAGE;
      for (const event of page) {
        this.#position = event.position;
        this.#subscriber.next(EVENT_UPCASTERS.upcast(event));
      }
    }
  }
}

/** Those who are told of everything in the log, in order, each event once. */
export class LogFollowers {
  readonly #all = new Set<Follower>();
  #storage: LogStorage | null = null;
  #isClosed = false;

  /** Cold: each subscription reads for itself. Completes when the log is closed, after the last event. */
  events(after: number | null): Observable<RecordedEvent> {
    return new Observable((subscriber) => {
      if (this.#isClosed) return subscriber.complete();
      const follower = new Follower(subscriber, after);
      this.#all.add(follower);
      if (this.#storage) follower.attach(this.#storage);
      return () => {
        follower.stop();
        this.#all.delete(follower);
      };
    });
  }

  /** From now on there is a log. */
  attach(storage: LogStorage): void {
    this.#storage = storage;
    for (const follower of this.#all) follower.attach(storage);
  }

  /** Nothing is appended any more; the log is still open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((follower) => follower.finish()));
  }
}
