import type { Decision, DecisionInput, DecisionRule, SizingKnowledge } from '../decision.js';
import { chooseWindow } from './choose-window.js';

/** Candidates that a decision keeps for whoever asks why. */
const TOLD = 5;

export interface PricedDecision {
  readonly numCtx: number;
  readonly rule: Extract<DecisionRule, 'stay' | 'grow' | 'shrink' | 'open'>;
  readonly prices: NonNullable<Decision['prices']>;
}

/** The window with the least expected cost for one request. */
export function decidePriced(
  input: DecisionInput,
  sizing: SizingKnowledge,
  { promptEstimate, promptBound }: Decision['inputs'],
): PricedDecision {
  const loaded = input.runner?.window ?? null;
  const asked = {
    template: sizing.templateId,
    conversation: sizing.conversation,
    promptMean: promptEstimate,
    promptBound,
    numPredict: input.features.numPredict,
  };
  const exact = input.exactPromptTokens ?? null;
  const { state, plan, nowMs, refuses } = sizing;
  const choice = chooseWindow(state, plan, asked, loaded, nowMs, input.policy, exact, refuses);
  const told = choice.candidates.filter(({ window }, rank) => rank < TOLD || window === loaded);
  return {
    numCtx: choice.window,
    rule: ruleOf(loaded, choice.window),
    prices: told.map(({ window, seconds }) => ({ numCtx: window, seconds })),
  };
}

function ruleOf(loaded: number | null, window: number): PricedDecision['rule'] {
  if (loaded === null) return 'open';
  if (loaded === window) return 'stay';
  return window > loaded ? 'grow' : 'shrink';
}
