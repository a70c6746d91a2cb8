import type { MachineMemoryChangedV1 } from '@rightsize/optimizer-core';
import { MACHINE_ROW, type ReadModels } from '../projections/read-models.js';
import type { RightsizeSettings } from '../settings.js';

/** The memory that decisions go by: the row of the last event, or the event itself until it is folded. Memory only. */
export class MeasuredMemory {
  readonly #settings: RightsizeSettings;
  readonly #readModels: ReadModels;
  readonly #isNear: boolean;
  #ahead: MachineMemoryChangedV1 | null = null;

  constructor(settings: RightsizeSettings, readModels: ReadModels) {
    this.#settings = settings;
    this.#readModels = readModels;
    this.#isNear = isLoopback(new URL(settings.upstream).hostname);
  }

  /** Whether what this machine shows is to be read, and decided by. */
  get isReadHere(): boolean {
    const { systemMetrics } = this.#settings;
    return systemMetrics === 'on' || (systemMetrics === 'auto' && this.#isNear);
  }

  /** What was last recorded; null: nothing was. */
  get recorded(): MachineMemoryChangedV1 | null {
    return this.#ahead ?? this.#readModels.memory.get(MACHINE_ROW);
  }

  /** What decisions go by; null: nothing. */
  get inForce(): MachineMemoryChangedV1 | null {
    return this.isReadHere ? this.recorded : null;
  }

  /** It was recorded just now; `folded` resolves when the row tells of it. */
  goAhead(changed: MachineMemoryChangedV1, folded: Promise<void>): void {
    this.#ahead = changed;
    void folded.then(() => {
      if (this.#ahead === changed) this.#ahead = null;
    });
  }
}

/** The host of a URL, as `URL` spells it. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
