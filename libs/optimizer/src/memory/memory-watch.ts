import { Inject, Injectable, Logger } from '@nestjs/common';
import { READINGS, steadyMemory, type MachineMemory, type MachineMemoryChangedV1 } from '@rightsize/optimizer-core';
import type { LoadedModel } from '../backend.js';
import { Clock } from '../clock.js';
import { EventLog } from '../event-log.js';
import { Settings } from '../rightsize.tokens.js';
import { RunnerTracker } from '../runner-tracker.js';
import type { RightsizeSettings } from '../settings.js';
import { SizingPlans } from '../sizing-plans.js';
import { memoryOf } from './memory-of-reading.js';
import { MeasuredMemory } from './measured-memory.js';
import { SystemMetrics, type SystemReading } from './system-metrics.js';

/** The server keeps a model so long without requests: until then somebody may ask again, and the GPU is awake. */
const ACTIVE_MS = 300_000;

/** While readings do not agree yet they follow one another sooner. */
const UNSETTLED_MS = 1_000;

/**
 * Reads what memory this machine has while there are requests, beside them, and records when there is more or less of it than
 * decisions go by. Decisions never see a reading: they go by the event.
 */
@Injectable()
export class MemoryWatch {
  readonly #logger = new Logger('RightsizeMemory');
  #readings: MachineMemory[] = [];
  #last: SystemReading | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  /** Whether the last one could be used. */
  #wasTaken = true;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(SystemMetrics) private readonly metrics: SystemMetrics,
    @Inject(MeasuredMemory) private readonly measured: MeasuredMemory,
    @Inject(SizingPlans) private readonly plans: SizingPlans,
    @Inject(EventLog) private readonly log: EventLog,
  ) {}

  /** The last reading; null: there was none. */
  get reading(): SystemReading | null {
    return this.#last;
  }

  /** Goes on reading for a while. Called at start and for every request. */
  used(): void {
    this.#usedAtMs = this.clock.monotonicMs();
    if (this.#timer === null && !this.#isReading) this.#schedule();
  }

  /** What is being read comes to nothing. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.metrics.close();
  }

  #schedule(): void {
    if (this.#stopped || !this.measured.isReadHere) return;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.#usedAtMs >= ACTIVE_MS) {
      // What comes after the pause has to agree with itself, not with what was before it.
      this.#readings = [];
      return;
    }
    const every = this.settings.systemMetricsMs;
    const isSettled = this.#readings.length === READINGS || !this.#wasTaken;
    const wait = isSettled ? every : Math.min(every, UNSETTLED_MS);
    const due = Math.max(0, this.#readAtMs + wait - nowMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#isReading = true;
      void this.#read().finally(() => {
        this.#isReading = false;
        this.#schedule();
      });
    }, due);
    this.#timer.unref();
  }

  async #read(): Promise<void> {
    this.#readAtMs = this.clock.monotonicMs();
    this.#wasTaken = false;
    try {
      const before = await this.#lookedAt();
      const reading = await this.metrics.read();
      const after = await this.#lookedAt();
      this.#last = reading;
      // A model that comes or goes meanwhile holds memory without being shown, or is shown without.
      if (before === null || after === null || spelt(before) !== spelt(after)) return;
      this.#wasTaken = true;
      this.#take(reading, after);
    } catch (error) {
      this.#logger.error(`reading failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** What is loaded; null: cannot be told, or changes right now. */
  async #lookedAt(): Promise<readonly LoadedModel[] | null> {
    await this.runners.look();
    return this.runners.failure !== null || this.runners.isLoading ? null : this.runners.loaded;
  }

  #take(reading: SystemReading, loaded: readonly LoadedModel[]): void {
    const current = this.measured.recorded;
    const usedGpu = current?.usesGpu ?? false;
    const isCertain = this.settings.systemMetrics === 'on';
    this.#readings = [...this.#readings, memoryOf(reading, { loaded, isCertain, usedGpu })].slice(-READINGS);
    // What is configured for all models goes before it: nothing is decided by what is read.
    if (this.settings.memoryBudgetBytes !== null || this.#stopped) return;
    const next = steadyMemory(current, this.#readings);
    if (next === null || (current === null && next.host === null && next.gpu === null)) return;
    const data: MachineMemoryChangedV1 = { ...next, loadAverage: reading.loadAverage, atMs: this.clock.nowMs() };
    this.#logger.log(`decisions go by ${inWords(next)} from now on`);
    this.log.record('machine', { type: 'machine.memory-changed', data }, {});
    this.measured.goAhead(data, this.log.settled());
    this.plans.solveAnew();
  }
}

/** Of what is loaded, what its memory depends on. */
function spelt(loaded: readonly LoadedModel[]): string {
  return JSON.stringify(loaded.map(({ model, window, sizeBytes }) => [model, window, sizeBytes]));
}

function inWords({ host, gpu }: MachineMemory): string {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const parts = [
    ...(gpu === null ? [] : [`${gib(gpu.availableBytes)} of ${gib(gpu.totalBytes)} of GPUs`]),
    ...(host === null ? [] : [`${gib(host.availableBytes)} of ${gib(host.totalBytes)} of the host`]),
  ];
  return parts.length === 0 ? 'no measured memory' : parts.join(' and ');
}
