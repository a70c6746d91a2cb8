import { type MachineEvent, type OllamaMachine, type TokenText, pseudoText, chatPrompt } from '@rightsize/ollama-model';
import { SwitchGate } from '@rightsize/optimizer-core';
import { LLAMA, SECOND, machineWith, submission } from '../libs/ollama-model/test/fixtures.js';

/** One request of a schedule; times in seconds. */
export interface Client {
  readonly at: number;
  /** Tokens that its window has to hold. */
  readonly need: number;
  readonly answer: number;
  readonly streams: boolean;
  readonly keepAlive: number | null;
  /** Goes away this long after it came; null: stays. */
  readonly patience: number | null;
  /** The server refuses its first attempt: the need was estimated at half. */
  readonly isUnderestimated: boolean;
}

export interface Schedule {
  readonly clients: readonly Client[];
  /** Somebody past the gateway asks for windows of his own. */
  readonly foreign: readonly { readonly at: number; readonly window: number }[];
  readonly parallel: number;
  readonly polls: boolean;
  readonly boundSeconds: number;
}

export interface Played {
  readonly ends: ReadonlyMap<number, string>;
  /** In the order in which they were sent; `isLate`: because their hold was too long. */
  readonly sent: readonly { readonly id: number; readonly isLate: boolean }[];
  readonly switches: number;
  readonly loads: number;
  readonly longestHold: number;
  readonly failures: readonly string[];
}

const PROMPT = chatPrompt(LLAMA, [{ role: 'user', content: 'hello' }], '', null);
const ANSWERS: readonly TokenText[] = Array.from({ length: 60 }, (_, tokens) => pseudoText('answer', 0, tokens + 1));
const FOREIGN = 1_000_000;
const POLL = 0.25;

/** Plays a schedule against Ollama's scheduler in virtual time, with a gate before it. */
export class GateWorld {
  readonly #schedule: Schedule;
  readonly #machine: OllamaMachine;
  readonly #gate: SwitchGate;
  readonly #ends = new Map<number, string>();
  readonly #sent: { id: number; isLate: boolean }[] = [];
  /** When each was sent, in nanoseconds. */
  readonly #onTheWay = new Map<number, number>();
  readonly #heldSince = new Map<number, number>();
  readonly #late = new Set<number>();
  readonly #refused = new Set<number>();
  readonly #failures: string[] = [];
  /** The window that the last switch asked for. */
  #asked: number | null = null;
  #switches = 0;
  #longestHold = 0;

  constructor(schedule: Schedule, maxWaiting = 512) {
    this.#schedule = schedule;
    this.#machine = machineWith({ parallel: schedule.parallel });
    this.#gate = new SwitchGate(maxWaiting);
  }

  play(): Played {
    const { clients, foreign } = this.#schedule;
    const script = [
      ...clients.map(({ at }, id) => ({ at, run: () => this.#arrive(id) })),
      ...clients.flatMap(({ at, patience }, id) =>
        patience === null ? [] : [{ at: at + patience, run: () => this.#giveUp(id) }],
      ),
      ...foreign.map(({ at, window }, i) => ({ at, run: () => this.#stranger(FOREIGN + i, window) })),
    ].toSorted((a, b) => a.at - b.at);
    for (const { at, run } of script) {
      this.#until(at * SECOND);
      run();
      this.#settle();
    }
    this.#until(3_000 * SECOND);
    return {
      ends: this.#ends,
      sent: this.#sent,
      switches: this.#switches,
      loads: this.#machine.counters().loads,
      longestHold: this.#longestHold / SECOND,
      failures: [
        ...this.#failures,
        ...(this.#gate.isIdle ? [] : ['the gate still knows of somebody at the end']),
        ...(this.#machine.pending === 0 ? [] : ['somebody never ended']),
      ],
    };
  }

  /** Lets everything happen that is due by `at` nanoseconds: the server, holds that run out, looks at the server. */
  #until(at: number): void {
    for (;;) {
      const server = this.#machine.nextEventAt() ?? Infinity;
      const late = [...this.#heldSince].map(([id, since]) => ({
        id,
        at: since + this.#schedule.boundSeconds * SECOND,
      }));
      const hold = late.filter(({ id }) => !this.#late.has(id)).toSorted((a, b) => a.at - b.at)[0];
      const poll = this.#schedule.polls && this.#gate.isSwitching ? this.#machine.nowNs + POLL * SECOND : Infinity;
      const next = Math.min(server, hold?.at ?? Infinity, poll);
      if (next > at) break;
      this.#hear(this.#machine.advance(next));
      if (hold && hold.at <= next) {
        this.#late.add(hold.id);
        this.#gate.expire(hold.id);
      }
      if (poll <= next && this.#machine.runners()[0]?.options.numCtx === this.#asked) this.#gate.shown();
      this.#settle();
    }
    this.#hear(this.#machine.advance(at));
    this.#settle();
  }

  #arrive(id: number): void {
    const entry = this.#gate.arrive(id);
    if (entry === 'full') this.#end(id, 'full');
    else if (entry === 'wait') this.#heldSince.set(id, this.#machine.nowNs);
    else this.#decide(id);
  }

  #giveUp(id: number): void {
    if (this.#ends.has(id)) return;
    if (this.#onTheWay.has(id)) return this.#hear(this.#machine.cancel(id));
    this.#gate.leave(id);
    this.#end(id, 'left');
  }

  #stranger(id: number, window: number): void {
    this.#hear(this.#machine.submit(submission(id, { options: { num_ctx: window }, text: null })));
  }

  /** What the gateway's handler does: stays in what is loaded, or takes what everybody who waits needs. */
  #decide(id: number): void {
    const loaded = this.#gate.isSwitching ? this.#asked : (this.#machine.runners()[0]?.options.numCtx ?? null);
    const need = this.#need(id);
    const changes = loaded === null || loaded < need;
    const window = changes ? Math.max(need, ...this.#gate.waiting.map((other) => this.#need(other))) : loaded;
    if (this.#gate.decided(id, changes) === 'wait') {
      if (!this.#heldSince.has(id)) this.#heldSince.set(id, this.#machine.nowNs);
      return;
    }
    if (changes) {
      this.#switches += 1;
      this.#asked = window;
    }
    this.#longestHold = Math.max(
      this.#longestHold,
      this.#machine.nowNs - (this.#heldSince.get(id) ?? this.#machine.nowNs),
    );
    this.#heldSince.delete(id);
    this.#send(id, window);
  }

  #need(id: number): number {
    const { need, isUnderestimated } = this.#schedule.clients[id]!;
    return isUnderestimated && !this.#refused.has(id) ? need / 2 : need;
  }

  #send(id: number, window: number): void {
    const { answer, keepAlive, isUnderestimated } = this.#schedule.clients[id]!;
    this.#sent.push({ id, isLate: this.#late.has(id) || this.#refused.has(id) });
    this.#onTheWay.set(id, this.#machine.nowNs);
    const isCounted = isUnderestimated && !this.#refused.has(id);
    const asked = submission(id, {
      options: { num_ctx: window },
      keepAliveNs: keepAlive === null ? null : keepAlive * SECOND,
      // A refusal costs a turn on the loaded runner and nothing else, as a load does.
      text: null,
    });
    const work = isCounted ? asked.work : { kind: 'completion' as const, prompt: PROMPT, answer: ANSWERS[answer - 1]! };
    this.#hear(this.#machine.submit({ ...asked, work }));
  }

  #hear(events: readonly MachineEvent[]): void {
    for (const event of events) {
      if (event.id >= FOREIGN) continue;
      if (event.type === 'answering') {
        if (this.#schedule.clients[event.id]!.streams) this.#gate.through(event.id);
        continue;
      }
      this.#onTheWay.delete(event.id);
      const isCounted = this.#schedule.clients[event.id]!.isUnderestimated && !this.#refused.has(event.id);
      if (isCounted && event.outcome.kind === 'done') {
        this.#refused.add(event.id);
        this.#late.delete(event.id);
        this.#heldSince.set(event.id, this.#machine.nowNs);
        this.#gate.again(event.id);
        continue;
      }
      this.#gate.leave(event.id);
      this.#end(event.id, event.outcome.kind);
    }
  }

  #end(id: number, how: string): void {
    if (this.#ends.has(id)) this.#failures.push(`request ${id} ended twice`);
    this.#ends.set(id, how);
    this.#heldSince.delete(id);
  }

  #settle(): void {
    for (let id = this.#gate.next(); id !== null; id = this.#gate.next()) this.#decide(id);
    const { waiting } = this.#gate;
    if (waiting.length === 0) return;
    if (this.#onTheWay.size === 0) this.#failures.push(`nobody is on the way, and ${waiting.join(', ')} are held`);
    const first = waiting[0]!;
    const since = this.#heldSince.get(first)!;
    const isOwed = [...this.#onTheWay].some(([id, at]) => id < first || at <= since || this.#late.has(id));
    if (!isOwed) this.#failures.push(`${first} is held by those who came after it`);
  }
}
