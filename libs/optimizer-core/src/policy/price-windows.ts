import { answerSurvival, type Survival } from './answers.js';
import { growthOf, stillGrowing } from './growth.js';
import type { SizingPlan } from './sizing-plan.js';
import { habitsOf, sizeOf, type SizingState } from './sizing-state.js';

/** What is asked of the policy, as a proxy sees it before the answer. */
export interface Demanded {
  readonly template: string | null;
  /** Identity of the conversation; null: a single request, or not known. */
  readonly conversation: string | null;
  /** Expected prompt tokens by the estimator, and the bound that 99 % do not exceed. */
  readonly promptMean: number;
  readonly promptBound: number;
  readonly numPredict: number | null;
}

/** Everything that pricing a window for one request looks at, computed once. */
export interface Situation {
  /** Prompt lengths that may turn out, with their chances. */
  readonly prompts: readonly { readonly tokens: number; readonly chance: number }[];
  readonly survival: Survival;
  readonly expectedOutput: number;
  /** Tokens of prefix that the loaded runner holds of this conversation. */
  readonly kept: number;
  /** For each rung, seconds from after this request on: its value, and what growing conversations will cost there. */
  readonly later: Float64Array;
}

/** Standard deviations of equal chances, of Student's distribution with four degrees of freedom, and its far tail. */
const DEVIATIONS = [0.09, 0.27, 0.47, 0.72, 1.07, 1.82] as const;
const FAR_DEVIATION = 3.5;
const FAR_CHANCE = 0.005;
const NEAR_CHANCE = (1 - 2 * FAR_CHANCE) / (2 * DEVIATIONS.length);
const POINTS = [-1, 1].flatMap((side) => [
  ...DEVIATIONS.map((at) => [side * at, NEAR_CHANCE] as const),
  [side * FAR_DEVIATION, FAR_CHANCE] as const,
]);
/** Of the prefixes that outgrown windows might throw away: most moves find a moment when another spoke last. */
const LOSES = 0.3;
const BOUND_DEVIATIONS = 2.6;
const LEAST_DEVIATION = 0.01;
/** Spread of a turn's length around what its conversation foretells, and what that belief is worth in turns. */
const TURN_DEVIATION = 0.3;
const TURN_EVIDENCE = 3;

export function situate(
  state: SizingState,
  plan: SizingPlan,
  asked: Demanded,
  exactPrompt: number | null,
  nowMs: number,
): Situation {
  const previous = state.conversations.find(({ id }) => id === asked.conversation) ?? null;
  const foretold = previous === null ? null : foretell(state, previous);
  const prompts = exactPrompt === null ? quadrature(combine(asked, foretold)) : [{ tokens: exactPrompt, chance: 1 }];
  const prompt = prompts.reduce((total, { tokens, chance }) => total + chance * tokens, 0);
  const survival = answerSurvival(state.answers, asked.template, prompt, asked.numPredict, plan.beliefs);
  const expectedOutput = expected(survival);
  const follows = previous !== null && state.lastConversation === asked.conversation;
  return {
    prompts,
    survival,
    expectedOutput,
    kept: follows ? Math.min(prompt, sizeOf(previous)) : 0,
    later: laterCosts(state, plan, asked, prompt + expectedOutput, nowMs),
  };
}

interface LogNormal {
  readonly mean: number;
  readonly deviation: number;
}

function foretell(state: SizingState, previous: SizingState['conversations'][number]): LogNormal {
  const { increment, error } = habitsOf(state, previous.template);
  const learnt = error.variance + error.mean ** 2;
  const variance = (error.samples * learnt + TURN_EVIDENCE * TURN_DEVIATION ** 2) / (error.samples + TURN_EVIDENCE);
  return { mean: Math.max(1, sizeOf(previous) + increment.mean), deviation: Math.sqrt(variance) };
}

/** Two beliefs about one length, weighed by how sure each is. */
function combine({ promptMean, promptBound }: Demanded, foretold: LogNormal | null): LogNormal {
  const mean = Math.max(1, promptMean);
  const deviation = Math.max(LEAST_DEVIATION, Math.log(Math.max(mean, promptBound) / mean) / BOUND_DEVIATIONS);
  if (foretold === null) return { mean, deviation };
  const apart = Math.abs(Math.log(mean / foretold.mean));
  // They contradict each other: one of them is wrong, and the text itself goes first.
  if (apart > 3 * (deviation + foretold.deviation)) return { mean, deviation };
  const trust = 1 / deviation ** 2;
  const trustTurn = 1 / foretold.deviation ** 2;
  const log = (Math.log(mean) * trust + Math.log(foretold.mean) * trustTurn) / (trust + trustTurn);
  return { mean: Math.exp(log), deviation: Math.sqrt(1 / (trust + trustTurn)) };
}

function quadrature({ mean, deviation }: LogNormal): Situation['prompts'] {
  return POINTS.map(([at, chance]) => ({ tokens: Math.ceil(mean * Math.exp(at * deviation)), chance }));
}

function expected(survival: Survival): number {
  let total = 0;
  let at = 0;
  for (let next = 16; next < 65_536; next *= 1.4) {
    total += survival((at + next) / 2) * (next - at);
    at = next;
    if (survival(at) < 0.01) break;
  }
  return total;
}

/** The plan's value of each rung, and what the conversations that live will cost there when they outgrow it. */
function laterCosts(state: SizingState, plan: SizingPlan, asked: Demanded, size: number, nowMs: number): Float64Array {
  const { rungs, values, prices, live } = plan;
  const nobody = new Float64Array(rungs.length).fill(1);
  const prefix = new Float64Array(rungs.length);
  const add = (outgrows: Float64Array, still: number, direct: number): void => {
    for (let rung = 0; rung < rungs.length; rung++) {
      const chance = Math.min(1, outgrows[rung]! * still);
      nobody[rung] = nobody[rung]! * (1 - chance);
      prefix[rung] = prefix[rung]! + chance * LOSES * direct * rungs[rung]! * prices.prefill;
    }
  };
  for (const { conversation, growth, direct } of live) {
    if (conversation.id === asked.conversation) continue;
    add(growth.outgrows, stillGrowing(state, conversation, growth, nowMs), direct);
  }
  if (asked.conversation !== null) {
    const { direct } = habitsOf(state, asked.template);
    const growth = growthOf(state, rungs, asked.template, asked.conversation, size, plan.beliefs);
    add(growth.outgrows, 1, (direct.samples * direct.mean + 0.5) / (direct.samples + 1));
  }
  return values.map((value, rung) => value + (1 - nobody[rung]!) * prices.load(rungs[rung]!) + prefix[rung]!);
}
