import {
  decide,
  emptyModelStatistics,
  emptySizingState,
  emptyTemplateStatistics,
  foldModel,
  foldSizing,
  foldTemplate,
  judgeCompletion,
  rawPromptTokens,
  solve,
  type Decision,
  type DecisionInput,
  type DomainEvent,
  type ModelFacts,
  type ModelStatistics,
  type PolicyParameters,
  type Prices,
  type RequestCompletedV1,
  type RunnerView,
  type SizingPlan,
  type SizingState,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';

import { featuresOf } from './sizing-features.js';
import { gib, holdSeconds, loadSeconds, Machine, slowdown, type Served, type Tally } from './sizing-machine.js';
import type { Arrival, Hardware, Outcome, Workload } from './sizing-workload.js';

const MODEL = 'bench';
const MS = 1e3;
const NS = 1e9;
const KIB = 2 ** 10;
const GIB = 2 ** 30;
/** Clocks of workloads begin at 0, which the statistics read as never. */
const EPOCH_MS = 1e12;
/** The value of windows is solved anew after this many requests. */
const SOLVE_EVERY = 3;
/** Refusals after which the last attempt is sent as it is. */
const MAX_REFUSALS = 2;
/** What a server says of a load where there was none. */
const NO_LOAD_SECONDS = 0.05;

export interface Replayed {
  readonly decisions: readonly { readonly id: string; readonly attempts: readonly Decision[] }[];
  readonly tally: Tally;
  /** Microseconds of each decision. */
  readonly decideUs: Float64Array;
}

export interface ReplayOptions {
  /** The machine's constants are told beforehand instead of learnt. */
  readonly oracleHardware?: boolean;
}

/** Runs the gateway's policy over a workload: it decides before it sees the outcome, then learns from it. */
export function replay(workload: Workload, policy: PolicyParameters, options: ReplayOptions = {}): Replayed {
  const proxy = new Proxy(workload.hardware, policy, options);
  const machine = new Machine(workload.hardware);
  const decideUs = new Float64Array(workload.requests.length);
  const decisions = workload.requests.map((request, index) => {
    const { arrival, outcome } = request;
    const loaded = machine.arrive(arrival.t);
    proxy.prepare(arrival, loaded);
    const started = process.hrtime.bigint();
    const attempts = [proxy.decide(arrival)];
    decideUs[index] = Number(process.hrtime.bigint() - started) / 1e3;
    // A refusal tells the exact count, and costs nothing but the attempt.
    while (outcome.promptTokens >= windowOf(attempts.at(-1)!, workload) && attempts.length <= MAX_REFUSALS) {
      attempts.push(proxy.decide(arrival, windowOf(attempts.at(-1)!, workload), outcome.promptTokens));
    }
    const served = machine.serve(
      request,
      attempts.map((decision) => windowOf(decision, workload)),
    );
    proxy.learn(arrival, outcome, attempts.at(-1)!, served, machine.endedAt);
    return { id: arrival.id, attempts };
  });
  return { decisions, tally: machine.tally(), decideUs };
}

function windowOf({ numCtx }: Decision, { hardware }: Workload): number {
  return numCtx ?? hardware.default_ctx;
}

/** What the gateway knows and believes, without a gateway: statistics, and the runner as `/api/ps` would show it. */
class Proxy {
  readonly #hardware: Hardware;
  readonly #policy: PolicyParameters;
  readonly #facts: ModelFacts;
  readonly #oracle: Prices | null;
  readonly #templates = new Map<string, TemplateStatistics>();
  #model: ModelStatistics = emptyModelStatistics(MODEL);
  #sizing: SizingState = emptySizingState(MODEL);
  #plan: SizingPlan | null = null;
  #untilSolved = 0;
  #runner: RunnerView | null = null;

  constructor(hardware: Hardware, policy: PolicyParameters, { oracleHardware }: ReplayOptions) {
    this.#hardware = hardware;
    this.#policy = oracleHardware ? { ...policy, memoryPrice: hardware.memory_price_s } : policy;
    this.#oracle = oracleHardware ? pricesOf(hardware) : null;
    this.#facts = {
      model: MODEL,
      trainedContext: hardware.max_ctx,
      kvBytesPerToken: hardware.kv_kib_per_token * KIB,
      weightsBytes: hardware.weights_gib * GIB,
      modelfileNumCtx: null,
      remote: false,
      capabilities: ['completion'],
    };
  }

  /** What happens beside the requests: a look at what is loaded, and every few requests the solving. */
  prepare({ t }: Arrival, loaded: number | null): void {
    this.#runner = loaded === null ? null : this.#asShown(loaded);
    if (this.#plan !== null && this.#untilSolved > 0) {
      this.#untilSolved--;
      return;
    }
    this.#untilSolved = SOLVE_EVERY - 1;
    this.#plan = solve(this.#sizing, EPOCH_MS + t * MS, this.#facts, this.#policy, null, this.#plan, this.#oracle);
  }

  decide(arrival: Arrival, refusedBy?: number, exactPromptTokens?: number): Decision {
    const { template } = arrival;
    const input: DecisionInput = {
      policy: this.#policy,
      features: featuresOf(arrival, MODEL),
      runner: refusedBy === undefined ? this.#runner : this.#asShown(refusedBy),
      facts: this.#facts,
      modelStatistics: this.#model,
      templateStatistics: template === null ? null : (this.#templates.get(template) ?? null),
      clientWindow: 'hint',
      memoryWindow: null,
      sizing: this.#plan && {
        state: this.#sizing,
        plan: this.#plan,
        nowMs: EPOCH_MS + arrival.t * MS,
        isNew: true,
        conversation: arrival.conversation,
        templateId: template,
        refuses: true,
      },
    };
    return decide(exactPromptTokens === undefined ? input : { ...input, exactPromptTokens });
  }

  learn(arrival: Arrival, outcome: Outcome, decision: Decision, served: Served, endedAt: number): void {
    const atMs = EPOCH_MS + endedAt * MS;
    this.#sizing = foldSizing(this.#sizing, seen(arrival, this.#runner, decision));
    if (served.loaded) {
      this.#fold({
        type: 'runner.reloaded',
        data: {
          requestId: arrival.id,
          model: MODEL,
          fromWindow: this.#runner?.window ?? null,
          toWindow: served.window,
          loadNs: (served.loadSeconds + NO_LOAD_SECONDS) * NS,
          cause: this.#runner === null ? 'first' : 'decision',
          atMs,
        },
      });
    }
    const event: DomainEvent = { type: 'request.completed', data: completed(arrival, outcome, decision, served, atMs) };
    this.#fold(event);
    if (arrival.template === null) return;
    const known = this.#templates.get(arrival.template) ?? emptyTemplateStatistics(arrival.template, MODEL);
    this.#templates.set(arrival.template, foldTemplate(known, event));
  }

  #fold(event: DomainEvent): void {
    this.#model = foldModel(this.#model, event);
    this.#sizing = foldSizing(this.#sizing, event);
  }

  /** As `/api/ps` would: what exceeds the GPU lies on the CPU; a machine without a GPU shows no memory on it. */
  #asShown(window: number): RunnerView {
    const { weights_gib, overhead_gib, vram_gib, cpu_slowdown } = this.#hardware;
    const size = weights_gib + overhead_gib + gib(this.#hardware, window);
    const onGpu = cpu_slowdown === 1 ? 0 : Math.min(vram_gib, size);
    return { window, source: 'ps', sizeBytes: size * GIB, sizeVramBytes: onGpu * GIB, expiresAtMs: null };
  }
}

function pricesOf(hardware: Hardware): Prices {
  return {
    load: (window) => loadSeconds(hardware, window),
    slowdown: (window) => slowdown(hardware, window),
    prefill: 1 / hardware.prefill_tps,
    decode: 1 / hardware.decode_tps,
    hold: (window) => holdSeconds(hardware, window),
  };
}

function seen(arrival: Arrival, runner: RunnerView | null, decision: Decision): DomainEvent {
  return {
    type: 'request.optimized',
    data: {
      requestId: arrival.id,
      model: MODEL,
      route: 'chat',
      client: null,
      mode: 'active',
      imposed: true,
      clientWindow: 'hint',
      features: featuresOf(arrival, MODEL),
      templateId: arrival.template,
      runner,
      decision,
      atMs: EPOCH_MS + arrival.t * MS,
    },
  };
}

/** The final chunk of the answer, as the server would word it. */
function completed(
  arrival: Arrival,
  outcome: Outcome,
  decision: Decision,
  { window, loaded, loadSeconds: loadS, cachedTokens, prefillSeconds, decodeSeconds }: Served,
  atMs: number,
): RequestCompletedV1 {
  const limited = arrival.numPredict !== null && outcome.outputTokens >= arrival.numPredict;
  const said = {
    status: 200,
    doneReason: limited ? 'length' : 'stop',
    loadNs: ((loaded ? loadS : 0) + NO_LOAD_SECONDS) * NS,
    promptTokens: outcome.promptTokens,
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
    conversation: arrival.conversation,
    // The file's clock counts no loads: an answer takes on it what it would take in the best case.
    totalNs: atMs * (NS / MS) - (EPOCH_MS + arrival.t * MS) * (NS / MS),
    promptEvalNs: prefillSeconds * NS,
    evalNs: decodeSeconds * NS,
    cachedTokens,
    rawEstimate: rawPromptTokens(featuresOf(arrival, MODEL)),
    taints: judged.taints,
    atMs,
  };
}
