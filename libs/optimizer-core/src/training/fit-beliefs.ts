import type { PolicyParameters } from '../decision.js';
import { DEFAULT_BELIEFS, type SizingBeliefs } from '../policy/beliefs.js';
import type { RecordedRequest } from './recorded-request.js';

const GIB = 2 ** 30;
const MS = 1e3;
/** Fewer than these say nothing. */
const FEWEST_REQUESTS = 20;
const FEWEST_TURNS = 20;
/** A runner is let go after this long without requests, seconds: no pause counts as longer. */
const LONGEST_PAUSE = 300;
/** Of the start of a runner, what does not depend on its weights, seconds. */
const START_SECONDS = 0.5;

/** What the log told of the machine that one model runs on. Seconds, bytes. */
export interface MachineSeen {
  readonly loads: number;
  /** Of a load without any cache. */
  readonly loadSeconds: number;
  readonly weightsBytes: number;
  /** Per token; null: not seen. */
  readonly prefillSeconds: number | null;
  readonly decodeSeconds: number | null;
  /** Tokens per unit of each size of its texts; null: too few were counted. */
  readonly tokensPer: readonly number[] | null;
}

/** What a model's first requests will be like, going by those of all models so far: each model counts the same. */
export interface FittedTraffic {
  readonly beliefs: Partial<SizingBeliefs>;
  readonly unknownOutput: number;
  /** Needs below which shares of .5, .75, .9 and .95 lie, tokens. */
  readonly needs: readonly number[];
}

/** Null where there is too little to go by. */
export function fitTraffic(requests: readonly RecordedRequest[], policy: PolicyParameters): FittedTraffic | null {
  const known = requests.filter(({ uncertain }) => uncertain === null);
  if (known.length < FEWEST_REQUESTS) return null;
  const models = groupedBy(known, ({ model }) => model);
  const each = (of: (request: RecordedRequest) => number): WeightedValue[] =>
    [...models.values()].flatMap((own) => own.map((request) => ({ value: of(request), weight: 1 / own.length })));
  const outputs = each(({ output }) => output.likely);
  const needs = each(needOf);
  return {
    beliefs: {
      answerTokens: Math.max(1, Math.round(geometricMean(outputs))),
      needTokens: Math.max(256, Math.round(geometricMean(needs))),
      paceSeconds: meanPause([...models.values()]),
      ...fitConversations(known),
    },
    unknownOutput: Math.max(64, Math.ceil(quantileOf(outputs, policy.outputQuantile) / 64) * 64),
    needs: [0.5, 0.75, 0.9, 0.95].map((share) => quantileOf(needs, share)),
  };
}

/** What a machine that nothing is known of does, going by those seen; of each constant the median. */
export function fitMachine(machines: readonly MachineSeen[]): Partial<SizingBeliefs> {
  const speeds = machines
    .filter(({ loads }) => loads > 0)
    .map(({ loadSeconds, weightsBytes }) => weightsBytes / GIB / Math.max(0.1, loadSeconds - START_SECONDS));
  const prefill = machines.flatMap(({ prefillSeconds }) => (prefillSeconds === null ? [] : [prefillSeconds]));
  const decode = machines.flatMap(({ decodeSeconds }) => (decodeSeconds === null ? [] : [decodeSeconds]));
  return {
    ...(speeds.length === 0 ? {} : { startSeconds: START_SECONDS, gibPerSecond: median(speeds) }),
    ...(prefill.length === 0 ? {} : { prefillSeconds: median(prefill) }),
    ...(decode.length === 0 ? {} : { decodeSeconds: median(decode) }),
  };
}

/** Tokens per unit of a text for a model that was not counted yet: the mean over those that were. Null: none was. */
export function fitTokens(machines: readonly MachineSeen[]): readonly number[] | null {
  const counted = machines.flatMap(({ tokensPer }) => (tokensPer === null ? [] : [tokensPer]));
  if (counted.length === 0) return null;
  return counted[0]!.map((_, i) => counted.reduce((sum, weights) => sum + weights[i]!, 0) / counted.length);
}

/** How often and how far conversations go on, seen from each of their turns. */
function fitConversations(requests: readonly RecordedRequest[]): Partial<SizingBeliefs> {
  const conversations = groupedBy(requests, ({ conversation }) => conversation);
  let turns = 0;
  let going = 0;
  let growth = 0;
  for (const turnsOfOne of conversations.values()) {
    const last = Math.max(...turnsOfOne.map(needOf));
    turns += turnsOfOne.length;
    going += turnsOfOne.length - 1;
    for (const turn of turnsOfOne.slice(0, -1)) growth += Math.max(0, last - needOf(turn)) / (needOf(turn) + 16);
  }
  if (turns < FEWEST_TURNS || going === 0) return {};
  return { goesOn: clamp(going / turns, 0.02, 0.98), growth: clamp(growth / going, 0.02, 8) };
}

export function beliefsOf(policy: PolicyParameters): SizingBeliefs {
  return policy.beliefs ?? DEFAULT_BELIEFS;
}

function groupedBy(
  requests: readonly RecordedRequest[],
  keyOf: (request: RecordedRequest) => string | null,
): ReadonlyMap<string, readonly RecordedRequest[]> {
  const groups = new Map<string, RecordedRequest[]>();
  for (const request of requests) {
    const key = keyOf(request);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(request);
    else groups.set(key, [request]);
  }
  return groups;
}

function meanPause(models: readonly (readonly RecordedRequest[])[]): number {
  let pauses = 0;
  let seconds = 0;
  for (const requests of models) {
    for (let n = 1; n < requests.length; n++) {
      const pause = (requests[n]!.atMs - requests[n - 1]!.endMs) / MS;
      pauses += 1;
      seconds += clamp(pause, 0, LONGEST_PAUSE);
    }
  }
  return pauses === 0 ? DEFAULT_BELIEFS.paceSeconds : Math.max(0.1, seconds / pauses);
}

function needOf({ prompt, output }: RecordedRequest): number {
  return prompt.likely + output.likely;
}

interface WeightedValue {
  readonly value: number;
  readonly weight: number;
}

function geometricMean(values: readonly WeightedValue[]): number {
  const weight = values.reduce((sum, one) => sum + one.weight, 0);
  return Math.expm1(values.reduce((sum, one) => sum + one.weight * Math.log1p(one.value), 0) / weight);
}

function quantileOf(values: readonly WeightedValue[], share: number): number {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const all = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { value, weight } of sorted) {
    below += weight;
    if (below >= share * all - 1e-9) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
