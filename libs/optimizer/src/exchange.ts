import type { Decision, RequestFeatures, RunnerView } from '@rightsize/optimizer-core';
import type { Ticket } from './runner-tracker.js';

/** A decided request on its way, from decision to completion. In memory only. */
export interface Exchange {
  readonly requestId: string;
  /** Normalised model name. */
  readonly model: string;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  readonly runner: RunnerView | null;
  readonly decision: Decision;
  /** The body to send: rewritten when `imposed`, else the very one that came in. */
  readonly body: Buffer;
  readonly imposed: boolean;
  /** Null when the request was left as it came. */
  readonly ticket: Ticket | null;
  /** Id of the `RequestOptimized` event: what the completion was caused by. */
  readonly eventId: string;
}
