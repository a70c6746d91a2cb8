import type { Answering, MachineEvent, ModelCard, OllamaMachine, Outcome, Submission } from '@rightsize/ollama-model';

/** Whoever waits for a request. */
export interface Listener {
  /** Wants tokens as they come; else only the outcome. */
  readonly streams: boolean;
  /** The prompt is evaluated. */
  answering(answering: Answering): void;
  /** Tokens `from` to `to` (exclusive) of the answer are there. */
  tokens(from: number, to: number): void;
  finished(outcome: Outcome): void;
}

interface Stream {
  readonly answering: Answering;
  readonly startNs: number;
  sent: number;
}

/** Tokens are sent no oftener than this, milliseconds: a fast clock would otherwise swamp the server with timers. */
const TICK_MS = 4;

/**
 * Drives the machine by the wall clock: virtual time is wall time divided by `scale`. With scale 0 there
 * is no wall clock: time jumps to the next event while somebody waits, and stands still otherwise.
 */
export class VirtualTime {
  readonly #machine: OllamaMachine;
  readonly #scale: number;
  readonly #listeners = new Map<number, Listener>();
  readonly #streams = new Map<number, Stream>();
  #startMs = performance.now();
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #ids = 0;
  #closed = false;

  constructor(machine: OllamaMachine, scale: number) {
    this.#machine = machine;
    this.#scale = scale;
  }

  /** Brings the machine up to now. Virtual nanoseconds, whole ones: what is told of durations is a difference of two. */
  now(): number {
    if (this.#scale > 0) this.#advance(Math.round(((performance.now() - this.#startMs) * 1e6) / this.#scale));
    return this.#machine.nowNs;
  }

  /** Wall milliseconds until a virtual instant; a clock that stands still is shown unscaled. */
  wallMsUntil(atNs: number): number {
    return ((atNs - this.now()) * (this.#scale > 0 ? this.#scale : 1)) / 1e6;
  }

  submit(submission: Omit<Submission, 'id'>, listener: Listener): number {
    this.now();
    this.#ids += 1;
    const id = this.#ids;
    this.#listeners.set(id, listener);
    this.#publish(this.#machine.submit({ ...submission, id }));
    this.#arm();
    return id;
  }

  /** The client is gone. */
  cancel(id: number): void {
    this.now();
    this.#publish(this.#machine.cancel(id));
    this.#arm();
  }

  unload(model: ModelCard): void {
    this.now();
    this.#publish(this.#machine.unload(model));
    this.#arm();
  }

  /** Ends every request as cancelled and starts the clock again at zero. */
  reset(): void {
    for (const id of [...this.#listeners.keys()]) this.cancel(id);
    this.#machine.reset();
    this.#startMs = performance.now();
    this.#arm();
  }

  close(): void {
    for (const id of [...this.#listeners.keys()]) this.cancel(id);
    this.#closed = true;
    this.#disarm();
  }

  #advance(toNs: number): void {
    this.#publish(this.#machine.advance(toNs));
  }

  #publish(events: readonly MachineEvent[]): void {
    for (const event of events) {
      const listener = this.#listeners.get(event.id);
      if (listener === undefined) continue;
      if (event.type === 'answering') {
        listener.answering(event.answering);
        this.#streams.set(event.id, { answering: event.answering, startNs: event.atNs, sent: 0 });
        continue;
      }
      const stream = this.#streams.get(event.id);
      if (stream !== undefined && event.outcome.kind === 'done') {
        this.#send(event.id, stream, stream.answering.length.tokens);
      }
      this.#streams.delete(event.id);
      this.#listeners.delete(event.id);
      listener.finished(event.outcome);
    }
  }

  #send(id: number, stream: Stream, until: number): void {
    if (until <= stream.sent) return;
    const from = stream.sent;
    stream.sent = until;
    this.#listeners.get(id)?.tokens(from, until);
  }

  #tick(): void {
    this.#timer = null;
    const now = this.#scale > 0 ? this.now() : (this.#machine.nextEventAt() ?? this.#machine.nowNs);
    if (this.#scale === 0) this.#advance(now);
    for (const [id, stream] of this.#streams) {
      const due = Math.floor((this.#machine.nowNs - stream.startNs) / stream.answering.nsPerToken);
      this.#send(id, stream, Math.min(due, stream.answering.length.tokens));
    }
    this.#arm();
  }

  #disarm(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = null;
  }

  #arm(): void {
    this.#disarm();
    const next = this.#machine.nextEventAt();
    if (this.#closed || next === null) return;
    if (this.#scale === 0) {
      if (this.#machine.pending > 0) this.#timer = setImmediate(() => this.#tick());
      return;
    }
    const untilEvent = ((next - this.#machine.nowNs) * this.#scale) / 1e6;
    this.#timer = setTimeout(() => this.#tick(), Math.min(untilEvent, this.#untilToken(), 2 ** 30));
  }

  /** Wall milliseconds to the next token that somebody wants to see. */
  #untilToken(): number {
    let wait = Infinity;
    for (const [id, stream] of this.#streams) {
      if (this.#listeners.get(id)?.streams !== true || stream.sent >= stream.answering.length.tokens) continue;
      const at = stream.startNs + (stream.sent + 1) * stream.answering.nsPerToken;
      wait = Math.min(wait, ((at - this.#machine.nowNs) * this.#scale) / 1e6);
    }
    return Math.max(wait, TICK_MS);
  }
}
