import { REUSE_NS, loadNs } from './costs.js';
import { Tally, type Counters } from './counters.js';
import type { Hardware } from './hardware.js';
import {
  outOfMemoryMessage,
  QUEUE_FULL_MESSAGE,
  type FinalChunk,
  type MachineEvent,
  type Outcome,
  type Submission,
} from './job.js';
import { kvCacheBytes, type ModelCard } from './models.js';
import { needsReload, type ServerDefaults } from './options.js';
import { renderFrom } from './prompt.js';
import { RunnerPool } from './runner-pool.js';
import { Runner, slotsFor, type Job, type LoadedRunner } from './runner.js';
import { loadOnly, remember, serve } from './service.js';
import { Timers, type Timer } from './timers.js';

/** How a server was started. */
export interface MachineSettings {
  readonly hardware: Hardware;
  readonly defaults: ServerDefaults;
  /** `OLLAMA_NUM_PARALLEL`. */
  readonly parallel: number;
  /** `OLLAMA_MAX_LOADED_MODELS`. */
  readonly maxLoaded: number;
  /** `OLLAMA_MAX_QUEUE`: pending loads beyond the one in hand. */
  readonly maxQueue: number;
}

interface Load {
  readonly job: Job;
  readonly timer: Timer;
}

/**
 * Ollama's scheduler as a discrete-event machine in virtual nanoseconds. The caller owns the clock:
 * `advance` to now, then `submit` or `cancel`; each returns what happened, in order. Deterministic.
 */
export class OllamaMachine {
  readonly #settings: MachineSettings;
  readonly #timers = new Timers();
  readonly #tally = new Tally();
  readonly #pool: RunnerPool;
  readonly #jobs = new Map<number, Job>();
  readonly #lastBlobs = new Set<string>();
  #queue: Job[] = [];
  /** The request that the one loading routine has in hand; it blocks all others in the queue. */
  #head: Job | null = null;
  /** The runner that it waits for; told to go once, not again and again, so that others may postpone that. */
  #inTheWay: Runner | null = null;
  #loading: Load | null = null;
  #nowNs = 0;
  #events: MachineEvent[] = [];

  constructor(settings: MachineSettings) {
    this.#settings = settings;
    this.#pool = new RunnerPool(settings.hardware, this.#timers, () => {
      this.#inTheWay = null;
      this.#work();
    });
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  /** Virtual instant at which something happens by itself; null when nothing will. */
  nextEventAt(): number | null {
    return this.#timers.nextAt();
  }

  /** Requests that are not finished. */
  get pending(): number {
    return this.#jobs.size;
  }

  counters(): Counters {
    return this.#tally.read();
  }

  runners(): LoadedRunner[] {
    return this.#pool.views(this.#nowNs);
  }

  /** Moves the clock to `toNs`; an instant that has passed changes nothing. */
  advance(toNs: number): MachineEvent[] {
    for (let timer = this.#timers.take(toNs); timer !== null; timer = this.#timers.take(toNs)) {
      this.#nowNs = Math.max(this.#nowNs, timer.atNs);
      timer.run();
    }
    this.#nowNs = Math.max(this.#nowNs, toNs);
    return this.#drain();
  }

  submit(submission: Submission): MachineEvent[] {
    const job: Job = {
      submission,
      submittedNs: this.#nowNs,
      admittedNs: null,
      runner: null,
      slot: null,
      timer: null,
      cancelled: false,
    };
    this.#jobs.set(submission.id, job);
    this.#tally.add('requests');
    const runner = this.#pool.find(submission.model);
    if (runner !== null && !needsReload(runner.options, submission.options.runner)) {
      this.#admit(job, runner);
    } else if (this.#queue.length >= this.#settings.maxQueue) {
      this.#finish(job, { kind: 'error', status: 503, message: QUEUE_FULL_MESSAGE });
    } else {
      this.#queue.push(job);
      this.#work();
    }
    return this.#drain();
  }

  /** The client went away. Frees its slot at once, and aborts its load; unknown ids are finished ones. */
  cancel(id: number): MachineEvent[] {
    const job = this.#jobs.get(id);
    if (job === undefined) return [];
    job.cancelled = true;
    this.#queue = this.#queue.filter((queued) => queued !== job);
    if (this.#loading?.job === job) {
      this.#timers.cancel(this.#loading.timer);
      this.#loading = null;
      this.#head = null;
      this.#tally.add('abortedLoads');
    }
    this.#finish(job, { kind: 'cancelled' });
    this.#work();
    return this.#drain();
  }

  /** `keep_alive: 0` without a prompt: the runner goes as soon as nobody holds it. */
  unload(model: ModelCard): MachineEvent[] {
    const runner = this.#pool.find(model);
    if (runner !== null) this.#pool.expire(runner);
    return this.#drain();
  }

  /** A server just started: nothing loaded, counters at zero, clock at zero. Unfinished requests are dropped. */
  reset(): void {
    this.#timers.clear();
    this.#tally.reset();
    this.#pool.clear();
    this.#lastBlobs.clear();
    this.#jobs.clear();
    this.#queue = [];
    this.#head = null;
    this.#inTheWay = null;
    this.#loading = null;
    this.#nowNs = 0;
    this.#events = [];
  }

  #drain(): MachineEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The loading routine: takes one request after the other until one of them has to wait. */
  #work(): void {
    while (this.#loading === null && this.#inTheWay === null) {
      this.#head ??= this.#queue.shift() ?? null;
      if (this.#head === null) return;
      if (this.#head.cancelled) {
        this.#head = null;
        continue;
      }
      const inTheWay = this.#place(this.#head);
      if (inTheWay === null) continue;
      this.#inTheWay = inTheWay;
      this.#pool.expire(inTheWay);
    }
  }

  /** Admits or loads the request in hand; returns the runner that has to go first, if one has. */
  #place(job: Job): Runner | null {
    const { model, options } = job.submission;
    const runner = this.#pool.find(model);
    if (runner !== null) {
      if (needsReload(runner.options, options.runner)) return runner;
      this.#head = null;
      this.#admit(job, runner);
      return null;
    }
    const { maxLoaded, parallel } = this.#settings;
    const room = this.#pool.size < maxLoaded && this.#pool.fitsBeside(model, options.runner.numCtx, parallel);
    const victim = room ? null : this.#pool.cheapestToLose();
    if (victim === null) this.#load(job);
    else this.#tally.add('evictions');
    return victim;
  }

  #load(job: Job): void {
    const { hardware, parallel } = this.#settings;
    const { model, options, keepAliveNs } = job.submission;
    const context = options.runner.numCtx * slotsFor(model, parallel);
    const timer = this.#timers.set(this.#nowNs + loadNs(hardware, model, context), () => {
      const session = keepAliveNs ?? hardware.keepAliveSeconds * 1e9;
      const runner = new Runner(hardware, model, options.runner, parallel, session);
      this.#loading = null;
      this.#head = null;
      if (this.#pool.holds(runner)) {
        this.#pool.add(runner);
        this.#admit(job, runner);
      } else {
        this.#tally.add('failedLoads');
        const message = outOfMemoryMessage(kvCacheBytes(model, context));
        this.#finish(job, { kind: 'error', status: 500, message });
      }
      this.#work();
    });
    this.#loading = { job, timer };
    this.#tally.add('loads');
    if (this.#lastBlobs.has(model.blob)) this.#tally.add('reloads');
    this.#lastBlobs.add(model.blob);
  }

  #admit(job: Job, runner: Runner): void {
    this.#pool.hold(runner, job.submission.keepAliveNs);
    job.runner = runner;
    job.timer = this.#timers.set(this.#nowNs + REUSE_NS, () => this.#begin(job, runner));
  }

  #begin(job: Job, runner: Runner): void {
    job.admittedNs = this.#nowNs;
    if (job.submission.work.kind === 'load') {
      const spent = this.#nowNs - job.submittedNs;
      this.#finish(job, { kind: 'done', final: loadOnly(runner, spent, spent) });
      return;
    }
    runner.waiting.push(job);
    this.#fillSlots(runner);
  }

  /** First come, first served, into the slot that remembers most of the prompt. */
  #fillSlots(runner: Runner): void {
    for (let idle = runner.idleSlots(); idle.length > 0; idle = runner.idleSlots()) {
      const job = runner.waiting.shift();
      if (job === undefined) return;
      this.#run(job, runner, idle);
    }
  }

  #run(job: Job, runner: Runner, idle: readonly number[]): void {
    const { work } = job.submission;
    if (work.kind === 'load') return;
    const slot = this.#slotFor(job, runner, idle);
    runner.slots[slot] = job;
    job.slot = slot;
    const { hardware, defaults } = this.#settings;
    const service = serve(hardware, defaults.rules, runner, slot, job, work);
    if (service.kind === 'refused') {
      this.#tally.add('refused');
      this.#finish(job, service.outcome);
      return;
    }
    const { answering, final, decodeNs } = service;
    job.timer = this.#timers.set(this.#nowNs + service.prefillNs, () => {
      if (answering !== null) {
        this.#events.push({ type: 'answering', id: job.submission.id, atNs: this.#nowNs, answering });
      }
      job.timer = this.#timers.set(this.#nowNs + decodeNs, () => {
        if (answering !== null) remember(runner, slot, final, answering);
        this.#finish(job, { kind: 'done', final: this.#timed(job, final) });
      });
    });
  }

  #slotFor(job: Job, runner: Runner, idle: readonly number[]): number {
    const { work } = job.submission;
    if (idle.length === 1 || work.kind !== 'completion') return idle[0] ?? 0;
    return runner.cache.bestSlot(renderFrom(work.prompt, 0), idle);
  }

  #timed(job: Job, final: Omit<FinalChunk, 'totalNs' | 'loadNs'>): FinalChunk {
    const loaded = (job.admittedNs ?? this.#nowNs) - job.submittedNs;
    return { ...final, totalNs: this.#nowNs - job.submittedNs, loadNs: loaded };
  }

  #finish(job: Job, outcome: Outcome): void {
    this.#jobs.delete(job.submission.id);
    this.#timers.cancel(job.timer);
    job.timer = null;
    this.#tally.outcome(outcome);
    this.#events.push({ type: 'finished', id: job.submission.id, atNs: this.#nowNs, outcome });
    const runner = job.runner;
    if (runner === null) return;
    job.runner = null;
    const waiting = runner.waiting.indexOf(job);
    if (waiting >= 0) runner.waiting.splice(waiting, 1);
    if (job.slot !== null) runner.slots[job.slot] = null;
    this.#fillSlots(runner);
    this.#pool.release(runner, this.#nowNs);
  }
}
