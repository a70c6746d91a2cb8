import { answerSurvival, type Survival } from './answers.js';
import { growthOf, stillGrowing } from './growth.js';
import { promptBelief, type PromptPoint } from './prompt-belief.js';
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
  readonly prompts: readonly PromptPoint[];
  readonly survival: Survival;
  readonly expectedOutput: number;
  /** Tokens of prefix that the loaded runner holds of this conversation. */
  readonly kept: number;
  /** For each rung, seconds from after this request on: its value, and what growing conversations will cost there. */
  readonly later: Float64Array;
}

/** Of the prefixes that outgrown windows might throw away: most moves find a moment when another spoke last. */
const LOSES = 0.3;

export function situate(
  state: SizingState,
  plan: SizingPlan,
  asked: Demanded,
  exactPrompt: number | null,
  nowMs: number,
): Situation {
  const previous = state.conversations.find(({ id }) => id === asked.conversation) ?? null;
  const prompts = exactPrompt === null ? promptBelief(state, asked, previous) : [{ tokens: exactPrompt, chance: 1 }];
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
  return values.map((value, rung) => value + (1 - nobody[rung]!) * plan.loads[rung]! + prefix[rung]!);
}
