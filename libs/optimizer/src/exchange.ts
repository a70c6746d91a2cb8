import type { InferenceDialect } from '@rightsize/ollama';
import type {
  BatchDecision,
  ClientWindowRule,
  Decision,
  OperatingMode,
  RequestFeatures,
  RunnerView,
} from '@rightsize/optimizer-core';
import type { Asked, TurnTicket } from './decide-in-turn.js';
import type { Pass } from './switch-gates.js';

/**
 * What a server that cannot hold the prompt is to do. `refuse`: we told it not to cut, so that it
 * counts and we can try again. `refuse-client`: the client did. `cut`: as it does by itself.
 */
export type Overflow = 'refuse' | 'refuse-client' | 'cut';

/** A decided request on its way, from decision to completion. In memory only. */
export interface Exchange {
  readonly requestId: string;
  readonly dialect: InferenceDialect;
  /** Normalised model name. */
  readonly model: string;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  /** Keyed name of the conversation; null for what is no chat. */
  readonly conversation: string | null;
  /** In force for this model and client when it was decided; never `off`. */
  readonly mode: OperatingMode;
  /** `tripped`: its model passes through; `control`: it does, to compare others with; null: neither. */
  readonly safeguard: 'tripped' | 'control' | null;
  readonly clientWindow: ClientWindowRule;
  readonly runner: RunnerView | null;
  readonly decision: Decision;
  /** The body as it came, but for the options that all requests of a runner share. */
  readonly original: Buffer;
  /** The body to send: rewritten when `imposed`, else the very one that came in. */
  readonly body: Buffer;
  readonly imposed: boolean;
  readonly overflow: Overflow;
  /** Attempts the server refused before this one. */
  readonly refusals: number;
  /** Tokens by which the prompt is longer than the largest window there is, when it is sent to be cut; else 0. */
  readonly cutBy: number;
  /** The `num_batch` of the body to send, and why; null: it is none of ours to choose. */
  readonly batch: BatchDecision | null;
  /** Attempts before this one for which the server could not load the model. */
  readonly failedLoads: number;
  /** Null when the request was left as it came. */
  readonly ticket: TurnTicket | null;
  /** Its way through the gate of its runner; null when it was left as it came. */
  readonly pass: Pass<Asked> | null;
  /** Milliseconds that it was held back while its model's window changed. */
  readonly heldMs: number;
  /** Id of the `RequestOptimized` event: what everything after it was caused by. */
  readonly eventId: string;
}
