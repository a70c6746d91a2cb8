import type { ClientWindowRule, RequestFeatures } from '@rightsize/optimizer-core';
import type { SizedRequest } from '../sizing-replay.js';

/** A request as a policy sees it before it is answered, and the counts that its answer told. */
export interface ReplayedRequest extends SizedRequest {
  readonly id: string;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  readonly clientWindow: ClientWindowRule;
  /** The largest window that fitted the memory when it came, tokens; null: no limit; absent: as for all. */
  readonly memoryWindow?: number | null;
  /** False: its counts are bounds and no knowledge, so that nothing is learnt from them. */
  readonly teaches: boolean;
}
