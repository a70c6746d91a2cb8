import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  judgeSafeguard,
  type SafeguardEvent,
  type SafeguardPulledV1,
  type SafeguardState,
  type SafeguardTrippedV1,
} from '@rightsize/optimizer-core';
import { Clock } from './clock.js';
import { EventLog } from './event-log.js';
import { MAINTENANCE_COMMAND } from './maintenance-command.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';
import { ReadModels } from './projections/read-models.js';
import { Settings } from './rightsize.tokens.js';
import type { RightsizeSettings } from './settings.js';

/** A model whose requests pass through, and since when. */
export type Tripped = SafeguardTrippedV1 | SafeguardPulledV1;

/** Events read at once. */
const PAGE = 1_000;

/** What says by itself whether a model passes through. */
const SAID: readonly SafeguardEvent['type'][] = ['safeguard.tripped', 'safeguard.pulled', 'safeguard.lifted'];

/** Model names come from clients. */
const CAPACITY = 1_000;

/**
 * The kill switch, one for each model: while it has tripped, requests go as they came. The rows say so, which follow the log
 * by some hundred milliseconds; what was recorded just now goes before them until they do. Memory only.
 */
@Injectable()
export class Safeguards {
  readonly #logger = new Logger('RightsizeSafeguards');
  /** The row of a model that was judged last: it is judged anew when there is another. */
  readonly #judged = new Map<string, SafeguardState>();
  /** What the rows do not say yet. */
  readonly #ahead = new Map<string, Tripped | null>();

  constructor(
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ReadModels) private readonly readModels: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
  ) {}

  /** While the rows are folded anew, what the log says of its own goes before them. */
  async recall(): Promise<void> {
    const { storage } = this.log;
    if (storage === null || this.log.isCurrent(this.readModels.safeguards.name)) return;
    const last = new Map<string, Tripped | null>();
    for (let after = 0; ;) {
      const page = await storage.store.readAll({ after, limit: PAGE, types: SAID });
      for (const { type, data } of page.map((event) => EVENT_UPCASTERS.upcast(event))) {
        const told = data as Tripped;
        last.set(told.model, type === 'safeguard.lifted' ? null : told);
      }
      if (page.length < PAGE) break;
      after = page.at(-1)!.position;
    }
    for (const [model, tripped] of last) this.#goAhead(model, tripped);
  }

  /** Whether the model's requests pass through. Trips, and lifts after the cool-down, when it is asked. */
  passesThrough(model: string): boolean {
    const tripped = this.#tripped(model);
    // Turning off the judge does not undo what somebody wants.
    if (tripped !== null && !isJudged(tripped)) return true;
    if (this.settings.safeguards === 'off') return false;
    if (tripped === null) return this.#trips(model);
    if (this.clock.nowMs() < this.#untilMs(tripped)) return true;
    this.#lift(tripped, 'cool-down');
    return false;
  }

  /** By hand, until it is lifted by hand. False: its requests pass through already. */
  pull(model: string): boolean {
    if (this.passesThrough(model)) return false;
    const pulled = { model, atMs: this.clock.nowMs() };
    this.#logger.warn(`${model} passes through from now on: ${becauseOf(pulled)}`);
    this.log.record(`safeguard-${model}`, { type: 'safeguard.pulled', data: pulled }, {});
    this.#goAhead(model, pulled);
    return true;
  }

  /** By hand. False: it had not tripped. */
  lift(model: string): boolean {
    const tripped = this.#tripped(model);
    if (tripped !== null) this.#lift(tripped, 'by-hand');
    return tripped !== null;
  }

  /** Models whose requests pass through. */
  get tripped(): readonly Tripped[] {
    const models = [...this.readModels.safeguards.values()].map(({ model }) => model);
    return [...new Set([...models, ...this.#ahead.keys()])]
      .filter((model) => this.passesThrough(model))
      .map((model) => this.#tripped(model)!);
  }

  /** In words for people. */
  get problems(): readonly string[] {
    return this.tripped.map(
      (tripped) =>
        `${tripped.model} passes through since ${isoOf(tripped.atMs)}: ${becauseOf(tripped)}; until ` +
        `${isJudged(tripped) ? `${isoOf(this.#untilMs(tripped))}, or` : 'lifted'}: ${MAINTENANCE_COMMAND} safeguards --lift ${tripped.model}`,
    );
  }

  #tripped(model: string): Tripped | null {
    const ahead = this.#ahead.get(model);
    return ahead === undefined ? (this.readModels.safeguards.get(model)?.tripped ?? null) : ahead;
  }

  #untilMs({ atMs }: Tripped): number {
    return atMs + this.settings.safeguardCooldownMs;
  }

  #trips(model: string): boolean {
    // Half-folded rows show the harm of days long gone.
    if (!this.log.isCurrent(this.readModels.safeguards.name)) return false;
    const row = this.readModels.safeguards.get(model);
    // While a lift has not been folded, the row still counts what had tripped it.
    if (row === null || this.#ahead.has(model) || this.#judged.get(model) === row) return false;
    if (this.#judged.size >= CAPACITY) this.#judged.clear();
    this.#judged.set(model, row);
    const verdict = judgeSafeguard(row);
    if (verdict === null) return false;
    const tripped = { model, ...verdict, atMs: this.clock.nowMs() };
    this.#logger.warn(`${model} passes through from now on: ${becauseOf(tripped)}`);
    this.log.record(`safeguard-${model}`, { type: 'safeguard.tripped', data: tripped }, {});
    this.#goAhead(model, tripped);
    return true;
  }

  #lift({ model, atMs: trippedAtMs }: Tripped, reason: 'by-hand' | 'cool-down'): void {
    this.#logger.warn(`${model} gets its windows again: ${reason}`);
    const lifted = { model, reason, trippedAtMs, atMs: this.clock.nowMs() };
    this.log.record(`safeguard-${model}`, { type: 'safeguard.lifted', data: lifted }, {});
    this.#goAhead(model, null);
  }

  #goAhead(model: string, tripped: Tripped | null): void {
    this.#ahead.set(model, tripped);
    const folded = this.log.current.then(() => this.log.settled());
    void folded.then(() => {
      if (this.#ahead.get(model) === tripped) this.#ahead.delete(model);
    });
  }
}

/** By what was counted, not by hand. */
function isJudged(tripped: Tripped): tripped is SafeguardTrippedV1 {
  return 'harm' in tripped;
}

export function becauseOf(tripped: Tripped): string {
  if (!isJudged(tripped)) return 'somebody wants it so';
  const { harm, against, recent, reference } = tripped;
  const base = against === 'control' ? 'requests that went as they came' : 'its first hour';
  return `${harm} in ${recent.harmed} of the last ${recent.completions} requests, against ${reference.harmed} of ${reference.completions} in ${base}`;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
