import type { Decision, DecisionInput, DecisionRule, PolicyParameters, RejectedCandidate } from './decision.js';
import { boundOutput } from './output-bound.js';
import { quantile } from './recent-sample.js';
import { estimatePrompt } from './token-estimate.js';

/** The first form's numbers; docs/decisions/first-policy.md argues each. */
export const DEFAULT_POLICY: PolicyParameters = Object.freeze({
  id: 'first-form-1',
  outputQuantile: 0.95,
  unknownOutput: 1024,
  margin: 0.02,
  marginTokens: 32,
  headroom: 1.5,
  unknownWindow: 8192,
  minSamples: 8,
  openQuantile: 0.95,
  step: 256,
  minWindow: 2048,
});

/** The window for one request. Pure: the same input gives the same decision, and the decision says why. */
export function decide(input: DecisionInput): Decision {
  const inputs = inputsOf(input);
  if (input.facts?.remote === true || input.features.unload) return conclude(input, inputs, 'leave', null, []);
  const { clientNumCtx, loadedWindow, trainedContext } = inputs;
  if (input.clientWindow === 'exact' && clientNumCtx !== null) {
    return conclude(input, inputs, 'client-exact', clientNumCtx, []);
  }
  const floor = input.clientWindow === 'floor' ? (clientNumCtx ?? 0) : 0;
  const held = clamp(Math.max(inputs.need, floor), trainedContext);
  if (loadedWindow !== null && loadedWindow >= held) return stay(input, inputs, loadedWindow, held);
  return load(input, inputs, held);
}

function inputsOf(input: DecisionInput): Decision['inputs'] {
  const { policy, features, facts, runner } = input;
  const prompt = estimatePrompt(features, input.modelStatistics);
  const output = boundOutput(policy, features, input.templateStatistics, input.modelStatistics);
  const margin = (prompt.bound + output.tokens) * policy.margin + policy.marginTokens;
  return {
    promptEstimate: prompt.mean,
    promptBound: prompt.bound,
    outputBound: output.tokens,
    outputSource: features.unload ? 'none' : output.source,
    need: Math.ceil(prompt.bound + output.tokens + margin),
    loadedWindow: runner?.window ?? null,
    trainedContext: facts?.trainedContext ?? null,
    memoryWindow: input.memoryWindow,
    clientNumCtx: features.numCtx,
  };
}

function stay(input: DecisionInput, inputs: Decision['inputs'], window: number, held: number): Decision {
  const rejected: RejectedCandidate[] = [];
  const smallest = roundUp(input.policy, held);
  if (smallest < window) {
    rejected.push({ numCtx: smallest, reason: `holds the need, but a loaded runner is never shrunk: it would reload` });
  }
  return conclude(input, inputs, 'stay', window, rejected);
}

/** A load happens in any case: take room to spare, as far as memory gives it for nothing. */
function load(input: DecisionInput, inputs: Decision['inputs'], held: number): Decision {
  const { policy } = input;
  const { loadedWindow, memoryWindow: fitting } = inputs;
  const rejected: RejectedCandidate[] = [];
  if (loadedWindow !== null) {
    rejected.push({ numCtx: loadedWindow, reason: `loaded, but smaller than the need of ${words(held)}` });
  }
  const smallest = sized(input, inputs, held);
  const wished = sized(input, inputs, wish(input, held));
  const affordable = fitting === null ? wished : Math.min(wished, Math.floor(fitting / policy.step) * policy.step);
  const window = Math.max(smallest, affordable);
  if (window < wished) {
    rejected.push({
      numCtx: wished,
      reason: `room to spare, but beyond the ${words(fitting ?? 0)} that fit the memory`,
    });
  }
  if (smallest < window) {
    rejected.push({ numCtx: smallest, reason: 'holds this need, but the next bigger one would reload' });
  }
  return conclude(input, inputs, loadedWindow === null ? 'open' : 'grow', window, rejected);
}

/** The window one would like to have, tokens: what is usually needed, or this need with headroom. */
function wish(input: DecisionInput, held: number): number {
  const { policy, modelStatistics } = input;
  const usual = modelStatistics === null ? null : quantile(modelStatistics.needs, policy.openQuantile);
  const known = modelStatistics !== null && modelStatistics.needs.values.length >= policy.minSamples;
  if (input.runner !== null) return held * policy.headroom;
  if (!known) return Math.max(held * policy.headroom, policy.unknownWindow, usual ?? 0);
  return Math.max(held, (usual ?? 0) * (1 + policy.margin) + policy.marginTokens);
}

function sized(input: DecisionInput, inputs: Decision['inputs'], tokens: number): number {
  return clamp(Math.max(roundUp(input.policy, tokens), input.policy.minWindow), inputs.trainedContext);
}

function roundUp(policy: PolicyParameters, tokens: number): number {
  return Math.ceil(tokens / policy.step) * policy.step;
}

function clamp(tokens: number, trainedContext: number | null): number {
  return trainedContext === null ? tokens : Math.min(tokens, trainedContext);
}

function conclude(
  input: DecisionInput,
  inputs: Decision['inputs'],
  rule: DecisionRule,
  numCtx: number | null,
  rejected: readonly RejectedCandidate[],
): Decision {
  const { clientNumCtx } = inputs;
  const ignored = rule !== 'leave' && clientNumCtx !== null && clientNumCtx !== numCtx;
  const client = { numCtx: clientNumCtx ?? 0, reason: "the client's own value: a hint, the need decides" };
  return {
    numCtx,
    rule,
    policyId: input.policy.id,
    inputs,
    rejected: ignored ? [...rejected, client] : rejected,
  };
}

function words(tokens: number): string {
  return String(Math.ceil(tokens)).replace(/\B(?=(\d{3})+$)/g, ',');
}
