import type { RunnerView } from '@rightsize/optimizer-core';
import type { LoadedModel } from './backend.js';

/** Ollama keeps a runner this long after its last request unless told otherwise (ollama.md section 1). */
const KEEP_ALIVE_MS = 300_000;

/** After somebody else's reload nothing is changed that need not be, twice as long for each that follows. */
const BACK_OFF_MS = 30_000;
const MAX_BACK_OFF_MS = 600_000;

/** Requests in a row that were pinned to what the server showed and were loaded for all the same. */
const MISLED = 2;
/** A server that showed what was not so is not asked about windows for this long. */
const DISBELIEF_MS = 600_000;

/** What the server shows is there, whatever clocks make of its expiry: so long, and then it is looked up again. */
const SHOWN_MS = 1_000;

interface Known {
  /** Tokens; as launched, or as confirmed by an answer to a request that asked for it. */
  readonly window: number;
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** On the monotonic clock; null: not known. */
  readonly expiresAtMs: number | null;
  /** Looks that began before this are older than what is known. */
  readonly order: number;
  readonly by: 'answer' | 'server';
}

/** An instant on both clocks. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * What is believed of one runner. While a request of ours is unanswered, what it asked for is the truth:
 * a model that loads is hidden, one that waits for its runner to drain shows the old window. Times are
 * monotonic: a machine's clock may be set at any moment.
 */
export class RunnerBelief {
  #known: Known | null = null;
  #asked: { readonly window: number; readonly from: number | null; unanswered: number } | null = null;
  /** Exchanges that have not ended: a runner that answers does not expire. */
  #busy = 0;
  /** A server that never shows this runner, or no windows (as before they were shown), says nothing by not showing it. */
  #isListed = false;
  /** The window of a runner that went before its time: whoever loads the model next may have ended it. Tokens. */
  #lost: number | null = null;
  #foreign = { changes: 0, atMs: Number.NEGATIVE_INFINITY };
  #misled = 0;
  #disbelievedAtMs = Number.NEGATIVE_INFINITY;

  view({ wallMs, monotonicMs }: Instant): RunnerView | null {
    const known = this.#known;
    const asked = this.#asked;
    if (asked && asked.window !== known?.window) {
      return { window: asked.window, source: 'decision', sizeBytes: null, sizeVramBytes: null, expiresAtMs: null };
    }
    if (!known) return null;
    const { window, sizeBytes, sizeVramBytes, expiresAtMs } = known;
    if (this.#busy === 0 && expiresAtMs !== null && expiresAtMs <= monotonicMs) return null;
    const expires = expiresAtMs === null ? null : Math.round(wallMs + expiresAtMs - monotonicMs);
    return { window, source: 'ps', sizeBytes, sizeVramBytes, expiresAtMs: expires };
  }

  /** One of ours asked for a window, and neither an answer nor the server has shown it. */
  get isLoading(): boolean {
    return this.#asked !== null && this.#asked.window !== this.#known?.window;
  }

  get isIdle(): boolean {
    return this.#known === null && this.#busy === 0;
  }

  /** Somebody past the gateway has changed the runner, and may do so again: what is loaded and holds the need is kept. */
  isContested(nowMs: number): boolean {
    const { changes, atMs } = this.#foreign;
    return changes > 0 && nowMs - atMs < Math.min(BACK_OFF_MS * 2 ** (changes - 1), MAX_BACK_OFF_MS);
  }

  /** True: it relies on what the server shows, and no answer has confirmed. */
  ask(window: number): boolean {
    this.#busy += 1;
    const relies = this.#asked === null && this.#known?.window === window && this.#known.by === 'server';
    if (this.#asked?.window === window) this.#asked.unanswered += 1;
    else this.#asked = { window, from: this.#known?.window ?? null, unanswered: 1 };
    return relies;
  }

  /** An answer began: the runner has the window that was asked for. */
  answered(window: number, order: number, nowMs: number): void {
    this.#release(window);
    this.#lost = null;
    const before = this.#known?.window === window ? this.#known : null;
    this.#known = {
      window,
      sizeBytes: before?.sizeBytes ?? null,
      sizeVramBytes: before?.sizeVramBytes ?? null,
      expiresAtMs: nowMs + KEEP_ALIVE_MS,
      order,
      by: 'answer',
    };
  }

  ended(window: number, wasAnswered: boolean, nowMs: number): void {
    this.#busy -= 1;
    if (!wasAnswered) this.#release(window);
    else if (this.#known?.by === 'answer') this.#known = { ...this.#known, expiresAtMs: nowMs + KEEP_ALIVE_MS };
  }

  /** The server shows it. True: what one of ours asked for is there, though it has not been answered. */
  shown(model: LoadedModel, order: number, nowMs: number): boolean {
    if (model.window !== null) this.#isListed = true;
    if (this.#known !== null && this.#known.order >= order) return false;
    const window = model.window === null || this.#disbelieves(nowMs) ? this.#known?.window : model.window;
    if (window === undefined) return false;
    const before = this.#known;
    const isAsked = this.#asked?.window === window;
    const last = before?.window ?? this.#lost ?? window;
    if (last !== window && !isAsked) this.#changedByOthers(nowMs);
    this.#lost = null;
    this.#known = {
      window,
      sizeBytes: model.sizeBytes,
      sizeVramBytes: model.sizeVramBytes,
      expiresAtMs: model.expiresInMs === null ? null : nowMs + Math.max(model.expiresInMs, SHOWN_MS),
      order,
      by: before?.window === window ? before.by : 'server',
    };
    return isAsked && this.#asked?.from !== window;
  }

  /** The server shows others, but not this one. */
  hidden(order: number, nowMs: number): void {
    if (!this.#isListed || this.#known === null || this.#known.order >= order) return;
    const { window, expiresAtMs } = this.#known;
    this.#lost = expiresAtMs === null || expiresAtMs > nowMs ? window : null;
    this.#known = null;
  }

  /** A request was pinned to a window that was believed to be loaded. `loaded`: the server loaded the model for it. */
  pinned(loaded: boolean, relied: boolean, nowMs: number): void {
    if (loaded) this.#changedByOthers(nowMs);
    if (!relied) return;
    this.#misled = loaded ? this.#misled + 1 : 0;
    if (this.#misled >= MISLED) this.#disbelievedAtMs = nowMs;
  }

  #disbelieves(nowMs: number): boolean {
    return this.#known?.by === 'answer' && nowMs - this.#disbelievedAtMs < DISBELIEF_MS;
  }

  #changedByOthers(nowMs: number): void {
    const isOver = nowMs - this.#foreign.atMs > MAX_BACK_OFF_MS;
    this.#foreign = { changes: isOver ? 1 : Math.min(this.#foreign.changes + 1, 16), atMs: nowMs };
  }

  #release(window: number): void {
    if (this.#asked?.window !== window) return;
    this.#asked.unanswered -= 1;
    if (this.#asked.unanswered <= 0) this.#asked = null;
  }
}
