import {
  judgeCompletion,
  rawPromptTokens,
  type Decision,
  type TrafficEvent,
  type RequestCompletedV1,
  type RunnerView,
} from '@rightsize/optimizer-core';
import type { SizingStep } from '../sizing-replay.js';
import type { ReplayedRequest } from './replayed-request.js';

const NS = 1e9;
const NS_PER_MS = 1e6;
/** What a server says of a load where there was none. */
const NO_LOAD_SECONDS = 0.05;

/** One replayed request, as the gateway would have told the log of it. */
export interface Told {
  readonly model: string;
  readonly request: ReplayedRequest;
  readonly runner: RunnerView | null;
  readonly decision: Decision;
  readonly step: SizingStep;
  /** Milliseconds since the epoch: when it came, and when its answer was complete. */
  readonly atMs: number;
  readonly endedAtMs: number;
}

/** The events of one replayed request, in the log's order. */
export function toldEvents(told: Told): readonly TrafficEvent[] {
  const { model, request, runner, step, endedAtMs: atMs } = told;
  const events: TrafficEvent[] = [optimized(told)];
  if (step.loaded) {
    events.push({
      type: 'runner.reloaded',
      data: {
        requestId: request.id,
        model,
        fromWindow: runner?.window ?? null,
        toWindow: step.numCtx,
        loadNs: (step.loadSeconds + NO_LOAD_SECONDS) * NS,
        cause: runner === null ? 'first' : 'decision',
        atMs,
      },
    });
  }
  if (request.teaches) events.push({ type: 'request.completed', data: completed(told) });
  return events;
}

function optimized({ model, request, runner, decision, atMs }: Told): TrafficEvent {
  return {
    type: 'request.optimized',
    data: {
      requestId: request.id,
      model,
      route: request.features.route,
      client: null,
      mode: 'active',
      imposed: true,
      clientWindow: request.clientWindow,
      features: request.features,
      templateId: request.templateId,
      runner,
      decision,
      atMs,
    },
  };
}

/** The final chunk of the answer, as the server would word it. */
function completed({ model, request, decision, step, atMs, endedAtMs }: Told): RequestCompletedV1 {
  const { numPredict } = request.features;
  const limited = numPredict !== null && request.outputTokens >= numPredict;
  const said = {
    status: 200,
    doneReason: limited ? 'length' : 'stop',
    loadNs: ((step.loaded ? step.loadSeconds : 0) + NO_LOAD_SECONDS) * NS,
    promptTokens: request.promptTokens,
    outputTokens: request.outputTokens,
    window: step.numCtx,
  };
  const judged = judgeCompletion({
    ...said,
    end: 'complete',
    done: true,
    streamError: false,
    preload: false,
    numPredict,
    promptEstimate: decision.inputs.promptEstimate,
  });
  return {
    ...said,
    requestId: request.id,
    model,
    route: request.features.route,
    templateId: request.templateId,
    conversation: request.conversation,
    // The log's clock counts no loads: an answer takes on it what it would take in the best case.
    totalNs: (endedAtMs - atMs) * NS_PER_MS,
    promptEvalNs: step.prefillSeconds * NS,
    evalNs: step.decodeSeconds * NS,
    cachedTokens: step.cachedTokens,
    rawEstimate: rawPromptTokens(request.features),
    taints: judged.taints,
    atMs: endedAtMs,
  };
}
