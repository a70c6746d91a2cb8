import { openBand, widen, type ErrorBand } from './error-band.js';
import type { PromptSizes } from './prompt-sizes.js';
import {
  predictTokens,
  scaleOf,
  shiftOf,
  teach,
  uncertainty,
  UNTAUGHT,
  type TokenRegression,
} from './token-regression.js';

/** What a prompt is known by when its tokens are estimated, or learnt from. */
export interface PromptLook {
  readonly sizes: PromptSizes;
  /** Whose texts are alike: a template, or a client's system prompt; null: nobody's in particular. */
  readonly group: string | null;
  /** Fingerprints of the conversation as it is, and of its earlier states, latest first; empty: none. */
  readonly turns: readonly string[];
}

/** How much more tokens a group's prompts take than the regression says. */
export interface GroupRatio {
  readonly group: string;
  readonly samples: number;
  /** Logarithm. */
  readonly ratio: number;
  /** Mean square of what is left, relative. */
  readonly square: number;
}

/** A prompt of a conversation, counted. */
export interface CountedTurn {
  readonly turn: string;
  readonly sizes: PromptSizes;
  readonly tokens: number;
}

/** `model`: nothing alike is known. `group`: prompts alike are. `turn`: the conversation was counted before. */
export type EstimateSource = 'model' | 'group' | 'turn';

/** All that is learnt of a model's prompt counts. Plain JSON. */
export interface PromptCalibration {
  readonly regression: TokenRegression;
  /** Those seen longest ago first. */
  readonly groups: readonly GroupRatio[];
  /** Oldest first. */
  readonly turns: readonly CountedTurn[];
  readonly bands: Readonly<Record<EstimateSource, ErrorBand>>;
}

/** Deviations up to the 99th percentile, with a little for tails that are heavier than normal. */
const FIRST_REACH = 2.6;
/** The groups and conversations that were seen last; a row must stay small. */
const MAX_GROUPS = 256;
const MAX_TURNS = 256;
/** Spread between groups that the regression does not explain, and within one, as variances. */
const BETWEEN_GROUPS = 0.06 ** 2;
const WITHIN_GROUP = 0.03 ** 2;
/** Weight of a new prompt of a group that is well known: clients change. */
const SETTLED_WEIGHT = 0.1;
/** The band of all groups is worth so many prompts of a group's own. */
const SHARED_SAMPLES = 4;

export const UNCALIBRATED: PromptCalibration = Object.freeze({
  regression: UNTAUGHT,
  groups: [],
  turns: [],
  bands: {
    model: openBand(0.07, FIRST_REACH, 10),
    group: openBand(0.04, FIRST_REACH, 10),
    turn: openBand(0.1, FIRST_REACH, 10),
  },
});

export interface PromptForecast {
  readonly source: EstimateSource;
  /** Expected tokens. */
  readonly mean: number;
  /** What errors are relative to, tokens, and their deviation by that measure. */
  readonly scale: number;
  readonly deviation: number;
  /** Deviations up to the bound. */
  readonly reach: number;
}

/** The tokens to expect of a prompt, by the closest thing that was counted. `first`: tokens per unit before any was. */
export function forecast(
  calibration: PromptCalibration,
  look: PromptLook,
  first: readonly number[] | null = null,
): PromptForecast {
  return fromTurn(calibration, look, first) ?? fromGroup(calibration, look, first);
}

/** An earlier state of the same conversation was counted: only what came since is estimated. */
function fromTurn(
  calibration: PromptCalibration,
  look: PromptLook,
  first: readonly number[] | null,
): PromptForecast | null {
  const earlier = earlierTurn(calibration, look);
  if (earlier === null) return null;
  const added = addedSince(earlier, look.sizes);
  const band = calibration.bands.turn;
  return {
    source: 'turn',
    mean: earlier.tokens + predictTokens(calibration.regression, added) + shifted(calibration, added, first, 0),
    scale: scaleOf(added),
    deviation: Math.sqrt(band.square + uncertainty(calibration.regression, added)),
    reach: band.reach,
  };
}

function fromGroup(
  calibration: PromptCalibration,
  { sizes, group }: PromptLook,
  first: readonly number[] | null,
): PromptForecast {
  const { regression, bands } = calibration;
  const known = groupNamed(calibration, group);
  const doubt = uncertainty(regression, sizes);
  const scale = scaleOf(sizes);
  const mean = predictTokens(regression, sizes) + shifted(calibration, sizes, first, known?.samples ?? 0);
  if (known === undefined) {
    return { source: 'model', mean, scale, deviation: Math.sqrt(bands.model.square + doubt), reach: bands.model.reach };
  }
  const { samples } = known;
  const square = (SHARED_SAMPLES * bands.group.square + samples * known.square) / (SHARED_SAMPLES + samples);
  // What is not known of the ratio itself falls with the group's prompts.
  const unsure = WITHIN_GROUP / (samples + WITHIN_GROUP / BETWEEN_GROUPS);
  return {
    source: 'group',
    mean: mean + scale * Math.expm1(known.ratio),
    scale,
    deviation: Math.sqrt(square + unsure + doubt / (1 + samples)),
    reach: bands.group.reach,
  };
}

/** A group's own ratio says the same about its texts: the belief gives way to it. */
function shifted(
  { regression }: PromptCalibration,
  sizes: PromptSizes,
  first: readonly number[] | null,
  samples: number,
): number {
  return first === null ? 0 : shiftOf(regression, sizes, first) / (1 + samples);
}

/** Takes in what the server counted. */
export function learnCount(calibration: PromptCalibration, look: PromptLook, counted: number): PromptCalibration {
  const made = forecast(calibration, look);
  const bands = { ...calibration.bands, [made.source]: learnError(calibration, made, counted) };
  const { regression, groups } = learnSizes(calibration, look, counted);
  return { regression, groups, bands, turns: learnTurn(calibration.turns, look, counted) };
}

function learnError(calibration: PromptCalibration, made: PromptForecast, counted: number): ErrorBand {
  return widen(calibration.bands[made.source], (counted - made.mean) / made.scale, made.deviation);
}

function learnSizes(
  calibration: PromptCalibration,
  look: PromptLook,
  counted: number,
): Pick<PromptCalibration, 'regression' | 'groups'> {
  const earlier = earlierTurn(calibration, look);
  if (earlier !== null) {
    const added = addedSince(earlier, look.sizes);
    const regression = teach(calibration.regression, added, counted - earlier.tokens, BETWEEN_GROUPS);
    return { regression, groups: calibration.groups };
  }
  const known = groupNamed(calibration, look.group);
  const samples = known?.samples ?? 0;
  const regression = teach(calibration.regression, look.sizes, counted, noiseOf(samples));
  if (look.group === null) return { regression, groups: calibration.groups };
  const scale = scaleOf(look.sizes);
  const left = Math.log1p(Math.max(-0.9, (counted - predictTokens(regression, look.sizes)) / scale));
  return { regression, groups: learnGroup(calibration.groups, look.group, known, left) };
}

/**
 * A group's prompts all err alike: what n of them say of the weights is no more than what one says that
 * is free of chance. This is the variance to give the next one so that their information adds up to that.
 */
function noiseOf(samples: number): number {
  const own = (n: number): number => WITHIN_GROUP + Math.min(n, 10) * BETWEEN_GROUPS;
  return samples === 0 ? own(1) : (own(samples + 1) * own(samples)) / WITHIN_GROUP;
}

function learnGroup(
  groups: PromptCalibration['groups'],
  group: string,
  known: GroupRatio | undefined,
  left: number,
): PromptCalibration['groups'] {
  const samples = (known?.samples ?? 0) + 1;
  const before = known?.ratio ?? 0;
  const gain = Math.max(1 / (samples + WITHIN_GROUP / BETWEEN_GROUPS), SETTLED_WEIGHT);
  const ratio = before + gain * (left - before);
  const error = known === undefined ? WITHIN_GROUP : (left - before) ** 2;
  const square = (known?.square ?? 0) + Math.max(1 / samples, SETTLED_WEIGHT) * (error - (known?.square ?? 0));
  const others = groups.filter((other) => other !== known).slice(1 - MAX_GROUPS);
  return [...others, { group, samples, ratio: rounded(ratio), square: rounded(square) }];
}

/** Rows are written often: more digits than mean anything would double them. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function learnTurn(turns: readonly CountedTurn[], look: PromptLook, counted: number): readonly CountedTurn[] {
  const [turn] = look.turns;
  if (turn === undefined) return turns;
  const others = turns.filter((other) => !look.turns.includes(other.turn));
  return [...others.slice(1 - MAX_TURNS), { turn, sizes: look.sizes, tokens: counted }];
}

function groupNamed({ groups }: PromptCalibration, group: string | null): GroupRatio | undefined {
  return group === null ? undefined : groups.findLast((known) => known.group === group);
}

function earlierTurn(calibration: PromptCalibration, look: PromptLook): CountedTurn | null {
  for (const turn of look.turns) {
    const found = calibration.turns.find((counted) => counted.turn === turn);
    if (found !== undefined) return found;
  }
  return null;
}

/** Sizes of what came since: all but the tokens in front, which are there once. */
function addedSince(earlier: CountedTurn, sizes: PromptSizes): PromptSizes {
  return sizes.map((size, i) => size - earlier.sizes[i]!);
}
