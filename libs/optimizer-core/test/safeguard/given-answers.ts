import { emptySafeguardState, foldSafeguard, type SafeguardedEvent, type SafeguardState } from '../../src/index.js';
import { golden } from '../given-events.js';

const HOUR_MS = 3_600_000;
const optimized = golden('request.optimized').data;
const completed = golden('request.completed').data;
const reloaded = golden('runner.reloaded').data;
const cut = golden('truncation.detected').data;
const loadFailed = golden('runner.load-failed').data;

export const MODEL = optimized.model;

/** How one request fares. */
export interface Fate {
  readonly status?: number;
  readonly taints?: (typeof completed)['taints'];
  readonly cut?: boolean;
  readonly reload?: 'first' | 'decision' | 'foreign';
  readonly loadFails?: boolean;
  readonly imposed?: boolean;
  readonly control?: boolean;
}

export const FINE: Fate = {};
export const FAILED: Fate = { status: 500, taints: ['failed'] };

/** The events of a model's life, one request a second unless told otherwise. */
export class Life {
  readonly events: SafeguardedEvent[] = [];
  #nowMs = 1_000_000;
  #requests = 0;

  /** So many requests that fare so. */
  then(times: number, fate: Fate | ((at: number) => Fate) = FINE): this {
    for (let at = 0; at < times; at++) this.#request(typeof fate === 'function' ? fate(at) : fate);
    return this;
  }

  /** A first hour of so many requests, and the end of that hour. */
  firstHour(times: number, fate: Fate | ((at: number) => Fate) = FINE): this {
    this.then(times, fate);
    this.#nowMs += HOUR_MS;
    return this;
  }

  told(...events: readonly SafeguardedEvent[]): this {
    this.events.push(...events);
    return this;
  }

  get state(): SafeguardState {
    return this.events.reduce(foldSafeguard, emptySafeguardState(MODEL));
  }

  #request({ status = 200, taints = [], cut: isCut, reload, loadFails, imposed = true, control }: Fate): void {
    const requestId = `r${this.#requests++}`;
    const atMs = (this.#nowMs += 1_000);
    const group = control ? { group: 'control' as const } : {};
    this.events.push({
      type: 'request.optimized',
      data: { ...optimized, requestId, imposed: imposed && !control, ...group, atMs },
    });
    if (loadFails) this.events.push({ type: 'runner.load-failed', data: { ...loadFailed, requestId, atMs } });
    this.events.push({ type: 'request.completed', data: { ...completed, requestId, status, taints, atMs } });
    if (isCut) this.events.push({ type: 'truncation.detected', data: { ...cut, requestId, atMs } });
    if (reload) this.events.push({ type: 'runner.reloaded', data: { ...reloaded, requestId, cause: reload, atMs } });
  }
}
