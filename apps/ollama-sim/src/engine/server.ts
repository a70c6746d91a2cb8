import type { OllamaMachine, ServerDefaults } from '@rightsize/ollama-model';
import type { ModelStore } from './model-store.js';
import type { VirtualTime } from './virtual-time.js';

/** What every route works with. */
export interface SimServer {
  readonly machine: OllamaMachine;
  readonly time: VirtualTime;
  readonly store: ModelStore;
  readonly defaults: ServerDefaults;
  /** As `/api/version` says it. */
  readonly version: string;
  /** Digests that were uploaded, `sha256:` and all. */
  readonly blobs: Set<string>;
}
