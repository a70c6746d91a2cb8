import type { Decision, DecisionInput, DecisionRule, PolicyParameters, RejectedCandidate } from './decision.js';
import { digits } from './digits.js';
import { boundOutput } from './output-bound.js';
import { decidePriced } from './policy/priced-decision.js';
import { quantile } from './recent-sample.js';
import { isSizable } from './runner.js';
import { estimatePrompt } from './token-estimate.js';

type Inputs = Decision['inputs'];

/** The window for one request. Pure: the same input gives the same decision, and the decision says why. */
export function decide(input: DecisionInput): Decision {
  const inputs = inputsOf(input);
  if (input.facts?.windowIsFixed === true) return conclude(input, inputs, 'fixed', null, beyond(input.policy, inputs));
  if ((input.facts && !isSizable(input.facts)) || input.features.unload) return conclude(input, inputs, 'leave', null);
  const { clientNumCtx, loadedWindow } = inputs;
  // Without a value of the client's own there is nothing to be exact about.
  if (input.clientWindow === 'exact' && clientNumCtx !== null) {
    return conclude(input, inputs, 'client-exact', clientNumCtx);
  }
  const floor = input.clientWindow === 'floor' ? (clientNumCtx ?? 0) : 0;
  const held = clamp(Math.max(inputs.need, floor), inputs.trainedContext);
  const pinned = clamp(input.templateStatistics?.pinned ?? 0, inputs.trainedContext);
  // A window that would cut the prompt is nobody's wish: then the need decides, as without it.
  if (pinned > 0 && pinned >= held) return conclude(input, inputs, 'pinned', pinned);
  const fits = loadedWindow !== null && loadedWindow >= held;
  // Prices follow what all traffic teaches: a locked template stays with what is known of it.
  const isLocked = input.templateStatistics?.locked === true;
  if (input.sizing && !isLocked && !input.features.preload && (input.sizing.isNew || !fits)) {
    const { numCtx, rule, prices } = decidePriced(input, input.sizing, inputs);
    if (numCtx >= floor) return { ...conclude(input, inputs, rule, numCtx), prices };
  }
  return fits ? stay(input, inputs, held, loadedWindow) : load(input, inputs, held);
}

function inputsOf(input: DecisionInput): Inputs {
  const { policy, features, facts, runner } = input;
  const exact = input.exactPromptTokens;
  const prompt =
    exact === undefined
      ? estimatePrompt(features, input.modelStatistics, input.templateStatistics, policy.tokensPer)
      : { mean: exact, bound: exact };
  const output = boundOutput(policy, features, input.templateStatistics, input.modelStatistics);
  const held = prompt.bound + output.tokens;
  return {
    promptEstimate: prompt.mean,
    promptBound: prompt.bound,
    outputBound: output.tokens,
    outputSource: output.source,
    need: Math.ceil(held * (1 + policy.margin) + policy.marginTokens),
    loadedWindow: runner?.window ?? null,
    trainedContext: facts?.trainedContext ?? null,
    memoryWindow: input.memoryWindow,
    clientNumCtx: features.numCtx,
  };
}

/** What the need would take, where the one window there is does not hold it. */
function beyond(policy: PolicyParameters, inputs: Inputs): RejectedCandidate[] {
  const { loadedWindow, need } = inputs;
  if (loadedWindow === null || need <= loadedWindow) return [];
  return [{ numCtx: sized(policy, inputs, need), reason: "would hold the need, but this server's window is fixed" }];
}

/** Exactly what the runner shows, not a value that rounds to it: any other one reloads. */
function stay(input: DecisionInput, inputs: Inputs, held: number, window: number): Decision {
  const smallest = sized(input.policy, inputs, held);
  const shrunk = { numCtx: smallest, reason: 'would do, but reloads: a loaded runner is never shrunk' };
  return conclude(input, inputs, 'stay', window, smallest < window ? [shrunk] : []);
}

/** A load happens in any case: take room to spare, as long as memory has it. */
function load(input: DecisionInput, inputs: Inputs, held: number): Decision {
  const { policy } = input;
  const { loadedWindow, memoryWindow } = inputs;
  const smallest = sized(policy, inputs, held);
  const wished = sized(policy, inputs, loadedWindow === null ? usualNeed(input, held) : held * policy.headroom);
  const fitting = memoryWindow === null ? wished : Math.floor(memoryWindow / policy.step) * policy.step;
  // The need goes before the memory: what spills to the CPU is slow, what is cut is wrong.
  const window = Math.max(smallest, Math.min(wished, fitting));
  const rejected: RejectedCandidate[] = [];
  if (loadedWindow !== null) {
    rejected.push({ numCtx: loadedWindow, reason: `loaded, but smaller than the need of ${digits(Math.ceil(held))}` });
  }
  if (smallest < window) rejected.push({ numCtx: smallest, reason: 'would do, but the next longer request reloads' });
  if (wished > window) {
    rejected.push({
      numCtx: wished,
      reason: `room to spare beyond the ${digits(Math.ceil(fitting))} that fit the memory`,
    });
  }
  if (fitting < smallest && fitting > 0) {
    rejected.push({
      numCtx: fitting,
      reason: `fits the memory, but is smaller than the need of ${digits(Math.ceil(held))}`,
    });
  }
  return conclude(input, inputs, loadedWindow === null ? 'open' : 'grow', window, rejected);
}

/** What a fresh load should hold, tokens: this need and what the model's traffic usually needs. */
function usualNeed({ policy, modelStatistics }: DecisionInput, held: number): number {
  const needs = modelStatistics?.needs ?? { capacity: 0, values: [] };
  const usual = (quantile(needs, policy.openQuantile) ?? 0) * (1 + policy.margin) + policy.marginTokens;
  if (needs.values.length >= policy.minSamples) return Math.max(held, usual);
  return Math.max(held * policy.headroom, usual, policy.unknownWindow);
}

function sized(policy: PolicyParameters, inputs: Inputs, tokens: number): number {
  const rounded = Math.ceil(tokens / policy.step) * policy.step;
  return clamp(Math.max(rounded, policy.minWindow), inputs.trainedContext);
}

function clamp(tokens: number, trainedContext: number | null): number {
  return trainedContext === null ? tokens : Math.min(tokens, trainedContext);
}

function conclude(
  input: DecisionInput,
  inputs: Inputs,
  rule: DecisionRule,
  numCtx: number | null,
  rejected: readonly RejectedCandidate[] = [],
): Decision {
  const { clientNumCtx } = inputs;
  const overruled = numCtx !== null && clientNumCtx !== null && clientNumCtx !== numCtx;
  return {
    numCtx,
    rule,
    policyId: input.policy.id,
    inputs,
    rejected: overruled
      ? [...rejected, { numCtx: clientNumCtx, reason: CLIENT_REASONS[input.clientWindow] }]
      : rejected,
  };
}

const CLIENT_REASONS = {
  hint: "the client's own value, a hint: the need decides",
  floor: "the client's own value, a floor: it is held, and more",
  exact: "the client's own value",
} as const;
