import {
  decide,
  emptyModelStatistics,
  emptyTemplateStatistics,
  foldModel,
  foldTemplate,
  judgeCompletion,
  memoryWindow,
  rawPromptTokens,
  type Decision,
  type DomainEvent,
  type ModelFacts,
  type ModelStatistics,
  type PolicyParameters,
  type RequestCompletedV1,
  type RequestFeatures,
  type RunnerView,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';

import type { Arrival, Hardware, Outcome, Workload } from './sizing-workload.js';

const MODEL = 'bench';
const MS = 1e3;
const NS = 1e9;
const KIB = 2 ** 10;
const GIB = 2 ** 30;

export interface Replayed {
  readonly decisions: readonly { readonly id: string; readonly decision: Decision }[];
  readonly cut: number;
  readonly shifted: number;
}

/** Runs the gateway's policy over a workload: it decides before it sees the outcome, then learns from it. */
export function replay(workload: Workload, policy: PolicyParameters): Replayed {
  const proxy = new Proxy(workload.hardware, policy);
  let cut = 0;
  let shifted = 0;
  const decisions = workload.requests.map(({ arrival, outcome }) => {
    const decision = proxy.decide(arrival);
    const window = decision.numCtx ?? workload.hardware.default_ctx;
    if (outcome.promptTokens >= window) cut++;
    else if (outcome.promptTokens + outcome.outputTokens > window) shifted++;
    proxy.learn(arrival, outcome, decision);
    return { id: arrival.id, decision };
  });
  return { decisions, cut, shifted };
}

/** What the gateway knows and believes, without a gateway: statistics, and the runner as `/api/ps` would show it. */
class Proxy {
  readonly #hardware: Hardware;
  readonly #policy: PolicyParameters;
  readonly #facts: ModelFacts;
  readonly #memoryWindow: number | null;
  readonly #templates = new Map<string, TemplateStatistics>();
  #model: ModelStatistics = emptyModelStatistics(MODEL);
  #runner: RunnerView | null = null;
  #lastConversation: string | null = null;

  constructor(hardware: Hardware, policy: PolicyParameters) {
    this.#hardware = hardware;
    this.#policy = policy;
    this.#facts = {
      model: MODEL,
      trainedContext: hardware.max_ctx,
      kvBytesPerToken: hardware.kv_kib_per_token * KIB,
      weightsBytes: hardware.weights_gib * GIB,
      modelfileNumCtx: null,
      remote: false,
      capabilities: ['completion'],
    };
    this.#memoryWindow = memoryWindow(hardware.vram_gib * GIB, this.#facts, null);
  }

  decide(arrival: Arrival): Decision {
    const expiry = this.#runner?.expiresAtMs ?? Infinity;
    if (arrival.t * MS > expiry) this.#runner = null;
    const { template } = arrival;
    return decide({
      policy: this.#policy,
      features: featuresOf(arrival),
      runner: this.#runner,
      facts: this.#facts,
      modelStatistics: this.#model,
      templateStatistics: template === null ? null : (this.#templates.get(template) ?? null),
      clientWindow: 'hint',
      memoryWindow: this.#memoryWindow,
    });
  }

  learn(arrival: Arrival, outcome: Outcome, decision: Decision): void {
    const reload = this.#runner?.window !== decision.numCtx;
    const window = decision.numCtx ?? this.#hardware.default_ctx;
    const event: DomainEvent = { type: 'request.completed', data: this.#completed(arrival, outcome, decision, reload) };
    this.#model = foldModel(this.#model, event);
    if (arrival.template !== null) {
      const known = this.#templates.get(arrival.template) ?? emptyTemplateStatistics(arrival.template, MODEL);
      this.#templates.set(arrival.template, foldTemplate(known, event));
    }
    this.#lastConversation = outcome.conversation;
    this.#runner = {
      window,
      source: 'ps',
      sizeBytes: null,
      sizeVramBytes: null,
      expiresAtMs: event.data.atMs + this.#hardware.keep_alive_s * MS,
    };
  }

  /** The final chunk of the answer, as the server would word it. */
  #completed(arrival: Arrival, outcome: Outcome, decision: Decision, reload: boolean): RequestCompletedV1 {
    const { load_s, load_s_per_kv_gib, kv_kib_per_token, prefill_tps, decode_tps, default_ctx } = this.#hardware;
    const window = decision.numCtx ?? default_ctx;
    const kept = outcome.conversation !== null && outcome.conversation === this.#lastConversation;
    const cachedTokens = kept && !reload ? outcome.cachedPrefix : 0;
    const loadS = reload ? load_s + (load_s_per_kv_gib * window * kv_kib_per_token * KIB) / GIB : 0.05;
    const prefillS = (outcome.promptTokens - cachedTokens) / prefill_tps;
    const decodeS = outcome.outputTokens / decode_tps;
    const cut = outcome.promptTokens >= window;
    const promptTokens = cut ? window - Math.max(Math.floor((window - 4) / 2), 1) : outcome.promptTokens;
    const limited = arrival.numPredict !== null && outcome.outputTokens >= arrival.numPredict;
    const said = {
      status: 200,
      doneReason: limited ? 'length' : 'stop',
      loadNs: loadS * NS,
      promptTokens,
      outputTokens: outcome.outputTokens,
      window,
    };
    const judged = judgeCompletion({
      ...said,
      end: 'complete',
      done: true,
      streamError: false,
      preload: false,
      numPredict: arrival.numPredict,
      promptEstimate: decision.inputs.promptEstimate,
    });
    return {
      ...said,
      requestId: arrival.id,
      model: MODEL,
      route: 'chat',
      templateId: arrival.template,
      totalNs: (loadS + prefillS + decodeS) * NS,
      promptEvalNs: prefillS * NS,
      evalNs: decodeS * NS,
      cachedTokens,
      rawEstimate: rawPromptTokens(featuresOf(arrival)),
      taints: judged.taints,
      // Answers leave the server when they are complete; the clock of the file counts without the load.
      atMs: (arrival.t + prefillS + decodeS) * MS,
    };
  }
}

/** A workload has counts and no texts: features that the estimator counts as what the file's estimator said. */
function featuresOf(arrival: Arrival): RequestFeatures {
  return { ...EMPTY, numCtx: arrival.numCtx, numPredict: arrival.numPredict, pieces: piecesOf(arrival.promptEstimate) };
}

function piecesOf(tokens: number): number {
  return Math.max(0, (tokens - AT_ZERO) / (rawPromptTokens({ ...EMPTY, pieces: 1 }) - AT_ZERO));
}

const EMPTY: RequestFeatures = {
  route: 'chat',
  model: MODEL,
  textBytes: 0,
  wideChars: 0,
  alphabetChars: 0,
  digitChars: 0,
  pieces: 0,
  excessLetters: 0,
  opaqueChars: 0,
  toolPieces: 0,
  systemBytes: 0,
  toolBytes: 0,
  messageCount: 0,
  contextTokens: 0,
  imageCount: 0,
  numPredict: null,
  numCtx: null,
  stream: true,
  preload: false,
  unload: false,
  think: null,
  fingerprints: [],
};

const AT_ZERO = rawPromptTokens(EMPTY);
