import {
  parseHardware,
  PolicyReplay,
  type Knowledge,
  type PolicyStep,
  type ReplayedRequest,
} from '@rightsize/ollama-model';
import type { Decision, ModelFacts, PolicyParameters, Prices } from '@rightsize/optimizer-core';

import { featuresOf } from './sizing-features.js';
import { holdSeconds, loadSeconds, slowdown, type Tally } from './sizing-machine.js';
import type { Hardware, Workload } from './sizing-workload.js';

const MODEL = 'bench';
const KIB = 2 ** 10;
const GIB = 2 ** 30;
const FIRST_DAY_MS = 1e12;
const DAY_MS = 24 * 3600e3;

export interface Replayed {
  readonly decisions: readonly { readonly id: string; readonly attempts: readonly Decision[] }[];
  readonly tally: Tally;
  /** Microseconds of each decision, and of each plan solved beside them, in order. */
  readonly decideUs: readonly number[];
  readonly solveUs: readonly number[];
  /** What was known at its end. */
  readonly knowledge: Knowledge;
}

export interface ReplayOptions {
  /** The machine's constants are told beforehand instead of learnt. */
  readonly oracleHardware?: boolean;
  /** The same traffic was seen the day before: nothing is left to learn but what each request needs. */
  readonly taught?: boolean;
}

/** Runs the gateway's policy over a workload: it decides before it sees the outcome, then learns from it. */
export function replay(workload: Workload, policy: PolicyParameters, options: ReplayOptions = {}): Replayed {
  const { hardware } = workload;
  const parsed = parseHardware(hardware);
  if (!parsed.ok) throw new Error(parsed.error);
  const decideUs: number[] = [];
  const solveUs: number[] = [];
  const before = options.taught === true ? learntFrom(workload, policy, options) : null;
  const replayed = new PolicyReplay({
    knowledge: before,
    epochMs: before === null ? FIRST_DAY_MS : FIRST_DAY_MS + DAY_MS * Math.ceil(lengthMs(workload) / DAY_MS),
    policy: options.oracleHardware ? { ...policy, memoryPrice: hardware.memory_price_s } : policy,
    hardware: parsed.hardware,
    facts: factsOf(hardware),
    told: options.oracleHardware ? pricesOf(hardware) : null,
    pricesFirst: true,
    deciding: timedInto(decideUs),
    solving: timedInto(solveUs),
  });
  const steps = requestsOf(workload).map((request) => ({ id: request.id, ...replayed.serve(request) }));
  const tally = { seconds: replayed.cost(), ...countsOf(steps) };
  return { decisions: steps, tally, decideUs, solveUs, knowledge: replayed.known() };
}

/** What the same traffic teaches. Its conversations have ended: their names are others. */
function learntFrom(workload: Workload, policy: PolicyParameters, options: ReplayOptions): Knowledge {
  const requests = workload.requests.map(({ arrival, outcome }) => {
    const conversation = arrival.conversation === null ? null : `the day before: ${arrival.conversation}`;
    return { arrival: { ...arrival, conversation }, outcome };
  });
  return replay({ ...workload, requests }, policy, { ...options, taught: false }).knowledge;
}

function lengthMs({ requests }: Workload): number {
  return (requests.at(-1)?.arrival.t ?? 0) * 1e3 + DAY_MS / 2;
}

function timedInto(us: number[]): <T>(work: () => T) => T {
  return (work) => {
    const started = process.hrtime.bigint();
    const done = work();
    us.push(Number(process.hrtime.bigint() - started) / 1e3);
    return done;
  };
}

function countsOf(steps: readonly PolicyStep[]): Omit<Tally, 'seconds'> {
  const count = (of: (step: PolicyStep['step']) => number): number =>
    steps.reduce((sum, { step }) => sum + of(step), 0);
  return {
    reloads: count(({ reloads }) => reloads),
    refused: count(({ refused }) => refused),
    cut: count(({ outcome }) => (outcome === 'cut' ? 1 : 0)),
    shifted: count(({ outcome }) => (outcome === 'shifted' ? 1 : 0)),
  };
}

function requestsOf({ requests }: Workload): readonly ReplayedRequest[] {
  return requests.map(({ arrival, outcome }) => ({
    id: arrival.id,
    atSeconds: arrival.t,
    features: featuresOf(arrival, MODEL),
    templateId: arrival.template,
    conversation: arrival.conversation,
    clientWindow: 'hint',
    teaches: true,
    ...outcome,
  }));
}

function factsOf(hardware: Hardware): ModelFacts {
  return {
    model: MODEL,
    trainedContext: hardware.max_ctx,
    kvBytesPerToken: hardware.kv_kib_per_token * KIB,
    weightsBytes: hardware.weights_gib * GIB,
    modelfileNumCtx: null,
    remote: false,
    capabilities: ['completion'],
  };
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
