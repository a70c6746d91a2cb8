/** A size of the batch with what it was thought to cost when it was chosen. */
export interface PricedBatch {
  /** Null: the server chooses. */
  readonly value: number | null;
  /** Seconds per prompt token, drawn from what is believed of it, its memory included. */
  readonly seconds: number;
}

/** How a batch came about; recorded with the decision, so that a replay needs no dice. */
export interface BatchDecision {
  /** `num_batch` to send; null: the server chooses. */
  readonly value: number | null;
  /** `kept`: nothing is loaded for this request. `server`: not to be chosen, or nothing is better. */
  readonly why: 'kept' | 'server' | 'tried' | 'better';
  readonly candidates: readonly PricedBatch[];
  /** Uniform numbers that were drawn, one for each candidate; empty where none were needed. */
  readonly dice: readonly number[];
}
