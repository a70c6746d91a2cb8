import { SwitchGate, type Arrival } from '@rightsize/optimizer-core';

/** Runners whose gates are kept when nobody is at them. */
const KEPT = 64;

/** `decide`: it is its turn. `gone`: its client has left. */
export type Turn = 'decide' | 'gone';

interface Held {
  readonly resolve: (turn: Turn) => void;
  readonly release: () => void;
}

interface Bounds {
  /** Milliseconds. */
  readonly holdMs: number;
  readonly maxHeld: number;
}

interface Door<T> {
  readonly gate: SwitchGate;
  readonly held: Map<Arrival, Held>;
  readonly passes: Map<Arrival, Pass<T>>;
}

/** Whose client may leave. The signal is looked at only when somebody is held: a proxy makes it then. */
export interface Leaving {
  readonly signal?: AbortSignal | undefined;
}

/**
 * One {@link SwitchGate} for each runner, with the promises, timers and departures that it knows nothing
 * of. With nothing to hold it is two entries in a set: no promise, no timer, no listener.
 */
export class SwitchGates<T> {
  readonly #bounds: Bounds;
  readonly #doors = new Map<string, Door<T>>();
  #arrivals = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Whether some runner is being changed. */
  get isSwitching(): boolean {
    for (const { gate } of this.#doors.values()) if (gate.isSwitching) return true;
    return false;
  }

  /** Requests that are held back. */
  get held(): number {
    let held = 0;
    for (const { gate } of this.#doors.values()) held += gate.waiting.length;
    return held;
  }

  /** A request comes, and says what others may have to know of it. `full`: too many are held already. */
  enter(runner: string, asked: T, client: Leaving): Pass<T> | 'full' {
    const door = this.#doorOf(runner);
    const id = ++this.#arrivals;
    const entry = door.gate.arrive(id);
    if (entry === 'full') return 'full';
    const pass = new Pass(this, door, id, asked, client);
    door.passes.set(id, pass);
    pass.turn = entry === 'decide' ? null : this.hold(door, id, client);
    return pass;
  }

  /** The server shows what somebody's switch asked for. */
  shown(runner: string): void {
    const door = this.#doors.get(runner);
    if (!door) return;
    door.gate.shown();
    this.settle(door);
  }

  /** For passes only. Resolves when it is its turn, when its client leaves, or when it has waited too long. */
  hold(door: Door<T>, id: Arrival, { signal }: Leaving): Promise<Turn> {
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#release(door, id, 'gone');
        door.gate.leave(id);
        door.passes.delete(id);
        this.settle(door);
      };
      const limit = setTimeout(() => {
        door.gate.expire(id);
        this.settle(door);
      }, this.#bounds.holdMs);
      limit.unref();
      const release = (): void => {
        clearTimeout(limit);
        signal?.removeEventListener('abort', leave);
      };
      door.held.set(id, { resolve, release });
      if (signal?.aborted) return leave();
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** For passes only: grants whoever's turn it is now. */
  settle(door: Door<T>): void {
    for (let id = door.gate.next(); id !== null; id = door.gate.next()) this.#release(door, id, 'decide');
  }

  #release(door: Door<T>, id: Arrival, turn: Turn): void {
    const held = door.held.get(id);
    door.held.delete(id);
    held?.release();
    held?.resolve(turn);
  }

  #doorOf(runner: string): Door<T> {
    const known = this.#doors.get(runner);
    if (known) return known;
    if (this.#doors.size >= KEPT) {
      for (const [name, { gate }] of this.#doors) if (gate.isIdle) this.#doors.delete(name);
    }
    const door = { gate: new SwitchGate(this.#bounds.maxHeld), held: new Map(), passes: new Map() };
    this.#doors.set(runner, door);
    return door;
  }
}

/** One request's way through its gate. Whatever is reported twice, or too late, changes nothing. */
export class Pass<T> {
  /** What those before it may have to know of it. */
  asked: T;
  /** Null: it may be decided now. Else resolves when it may. */
  turn: Promise<Turn> | null = null;
  readonly #gates: SwitchGates<T>;
  readonly #door: Door<T>;
  readonly #id: Arrival;
  readonly #client: Leaving;

  constructor(gates: SwitchGates<T>, door: Door<T>, id: Arrival, asked: T, client: Leaving) {
    this.asked = asked;
    this.#gates = gates;
    this.#door = door;
    this.#id = id;
    this.#client = client;
  }

  /** What is known of those that are held behind it. */
  get behind(): readonly T[] {
    return this.#door.gate.waiting.map((id) => this.#door.passes.get(id)!.asked);
  }

  /** Null: it is sent, and `send` was called before anybody else's turn. Else it waits, and is to be decided anew when that resolves. */
  decided(changesRunner: boolean, send: () => void): Promise<Turn> | null {
    const isHeld = this.#door.gate.decided(this.#id, changesRunner) === 'wait';
    if (!isHeld) send();
    const held = isHeld ? this.#hold() : null;
    this.#gates.settle(this.#door);
    return held;
  }

  /** The server answers: whatever it asked for is there. */
  through(): void {
    this.#door.gate.through(this.#id);
    this.#gates.settle(this.#door);
  }

  /** It is to be decided once more, before those that came after it. */
  again(): Promise<Turn> {
    this.#door.gate.again(this.#id);
    const held = this.#hold();
    this.#gates.settle(this.#door);
    return held;
  }

  leave(): void {
    this.#door.gate.leave(this.#id);
    this.#door.passes.delete(this.#id);
    this.#gates.settle(this.#door);
  }

  #hold(): Promise<Turn> {
    return this.#gates.hold(this.#door, this.#id, this.#client);
  }
}
