/**
 * What is believed before traffic has told better, and how fast the belief gives way to it. Part of a
 * policy's parameters: `retrain` fits it to the log (docs/decisions/retraining.md).
 */
export interface SizingBeliefs {
  /** Typical answer before any was seen, tokens. */
  readonly answerTokens: number;
  /** Half of the weight lies on the last this many answers of a template. */
  readonly answerHalfLife: number;
  /** What other templates' answers count, in answers, fading as a template's own come in. */
  readonly othersWeight: number;
  /** Weight of the heavy tail that stands for answers longer than any seen, in answers. */
  readonly tailWeight: number;
  /** What a request needs where none was seen, tokens. */
  readonly needTokens: number;
  /** Half of the weight lies on the last this many conversations and single requests of a template. */
  readonly demandHalfLife: number;
  /** Needs not seen yet, in units of demand, spread over larger sizes. */
  readonly unseenUnits: number;
  /** Seconds from one unit of demand to the next, before any pace was seen. */
  readonly paceSeconds: number;
  /** Conversations before any was seen: the share that goes on after a turn, and growth as a share of their size. */
  readonly goesOn: number;
  readonly growth: number;
  /** Each window considered is this many times the one before. */
  readonly ladderStep: number;
  /** Before a load was seen: seconds to start, and the speed at which weights are read. */
  readonly startSeconds: number;
  readonly gibPerSecond: number;
  /** Before answers were timed: seconds per token, and how much slower the CPU is than the GPU. */
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
  readonly cpuFactor: number;
}

/** A small model on a small GPU. */
export const DEFAULT_BELIEFS: SizingBeliefs = Object.freeze({
  answerTokens: 400,
  answerHalfLife: 300,
  othersWeight: 8,
  tailWeight: 1,
  needTokens: 2048,
  demandHalfLife: 600,
  unseenUnits: 1,
  paceSeconds: 60,
  goesOn: 0.5,
  growth: 0.5,
  ladderStep: 1.06,
  startSeconds: 1,
  gibPerSecond: 1.8,
  prefillSeconds: 1 / 1000,
  decodeSeconds: 1 / 30,
  cpuFactor: 10,
});
