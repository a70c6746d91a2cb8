import { agents } from './agents.js';
import { agreeing } from './agreeing.js';
import { disagreeing } from './disagreeing.js';
import { documents } from './documents.js';
import { translation } from './translation.js';
import type { Workload, WorkloadOptions } from './step.js';

export interface Mix {
  readonly name: string;
  readonly clients: (options: WorkloadOptions) => Workload;
  /** All ask for one window that holds everything. */
  readonly agree: boolean;
}

/** Five clients of one model each. Deterministic: the same options give the same requests. */
export const MIXES: readonly Mix[] = [
  { name: 'desk', clients: disagreeing, agree: false },
  { name: 'documents', clients: documents, agree: false },
  { name: 'translation', clients: translation, agree: false },
  { name: 'agents', clients: agents, agree: false },
  { name: 'agreeing', clients: agreeing, agree: true },
];
