/** A request as its gate knows it. Arrival order: the smaller came first. */
export type Arrival = number;

/** `decide`: it is its turn. `wait`: it will be granted later. `full`: too many wait already. */
export type Entry = 'decide' | 'wait' | 'full';

/**
 * Who may ask a runner for what, so that its window changes once and for good. Ollama goes on admitting
 * requests that match the loaded runner while a change waits for it to drain: a mixed stream starves the
 * change (ollama.md section 1). So here a request that changes the runner waits until those before it have
 * ended, and those after it wait until it is through, and are decided then, against what it left behind.
 *
 * Pure: no clock, no promises. One request is being decided at a time (`next` grants in arrival order),
 * so two that meet an empty server cannot choose two windows. Whatever a caller reports twice, or too
 * late, changes nothing.
 */
export class SwitchGate {
  readonly #maxWaiting: number;
  /** In arrival order. */
  readonly #waiting: Arrival[] = [];
  /** Waited too long: neither a switch nor the order holds them back any more. */
  readonly #overdue = new Set<Arrival>();
  /** On their way: sent, and not ended. */
  readonly #sent = new Set<Arrival>();
  #deciding: Arrival | null = null;
  /** Wants to change the runner, and waits until everybody who uses it has ended. */
  #draining: Arrival | null = null;
  /** Was sent to change the runner, and has not got through. */
  #switching: Arrival | null = null;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** A switch is on its way, and nobody knows yet what will come of it. */
  get isSwitching(): boolean {
    return this.#switching !== null;
  }

  get isIdle(): boolean {
    return this.#sent.size === 0 && this.#waiting.length === 0 && this.#deciding === null;
  }

  /** Those that are held, in arrival order. */
  get waiting(): readonly Arrival[] {
    return this.#waiting;
  }

  get sent(): number {
    return this.#sent.size;
  }

  arrive(id: Arrival): Entry {
    if (this.#deciding === null && this.#switching === null && this.#waiting.length === 0) {
      this.#deciding = id;
      return 'decide';
    }
    if (this.#waiting.length >= this.#maxWaiting) return 'full';
    this.#insert(id);
    return 'wait';
  }

  /** The one that is to be decided now, if it is anybody's turn. To be asked after each report until null. */
  next(): Arrival | null {
    if (this.#deciding !== null) return null;
    const id = this.#turn();
    if (id === undefined) return null;
    this.#waiting.splice(this.#waiting.indexOf(id), 1);
    this.#deciding = id;
    return id;
  }

  /** What was decided. `send`: at once. `wait`: `next` grants it again, and it is to be decided anew. */
  decided(id: Arrival, changesRunner: boolean): 'send' | 'wait' {
    if (this.#deciding !== id) return 'send';
    this.#deciding = null;
    if (changesRunner && this.#sent.size > 0 && !this.#overdue.has(id)) {
      this.#draining = id;
      this.#insert(id);
      return 'wait';
    }
    this.#overdue.delete(id);
    if (this.#draining === id) this.#draining = null;
    this.#sent.add(id);
    if (changesRunner) this.#switching = id;
    return 'send';
  }

  /** The runner has what this one asked for: an answer began, or the server shows it. */
  through(id: Arrival): void {
    if (this.#switching === id) this.#switching = null;
  }

  /** Whoever switches is through, as the server itself shows. */
  shown(): void {
    this.#switching = null;
  }

  /** It was sent, but is to be decided once more. It came before those that wait. */
  again(id: Arrival): void {
    this.#over(id);
    this.#insert(id);
  }

  /** It has waited as long as anybody may: it goes next, whatever goes on. */
  expire(id: Arrival): void {
    if (this.#waiting.includes(id)) this.#overdue.add(id);
  }

  /** It is over, or its client has left: sent, held or about to be decided. */
  leave(id: Arrival): void {
    this.#over(id);
    const place = this.#waiting.indexOf(id);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (this.#deciding === id) this.#deciding = null;
    if (this.#draining === id) this.#draining = null;
    this.#overdue.delete(id);
  }

  #turn(): Arrival | undefined {
    const overdue = this.#overdue.size === 0 ? undefined : this.#waiting.find((id) => this.#overdue.has(id));
    if (overdue !== undefined) return overdue;
    const first = this.#waiting[0];
    const isHeld = this.#switching !== null || (this.#draining === first && this.#sent.size > 0);
    return isHeld ? undefined : first;
  }

  #over(id: Arrival): void {
    this.#sent.delete(id);
    this.through(id);
  }

  #insert(id: Arrival): void {
    let place = this.#waiting.length;
    while (place > 0 && this.#waiting[place - 1]! > id) place -= 1;
    this.#waiting.splice(place, 0, id);
  }
}
