import type { EventStore } from '@rightsize/event-store';
import { digestOf, learntMachine, replayTraffic, type Knowledge, type LearntMachine } from '@rightsize/ollama-model';
import {
  evaluate,
  totalCost,
  train,
  TRAINING_STEPS,
  type CostByComponent,
  type JudgedRequest,
  type PolicyParameters,
  type PolicyTrainedV1,
  type RecordedRequest,
} from '@rightsize/optimizer-core';
import { knowledgeAt, readTraffic, type Stretch, type Traffic } from './read-traffic.js';
import { FEWEST_REQUESTS, sessionsOf, walkForward, type WalkStep } from './walk-forward.js';

/** Raise it when training or judging changes: the same log then gives another policy. */
const CODE_VERSION = 'training-1';

export interface RetrainOptions {
  readonly stretch?: Stretch;
  /** Only this model's traffic, for this model only; null: all. */
  readonly model: string | null;
  /** What decides now: training begins with it, and it is what must be beaten. */
  readonly base: PolicyParameters;
  /** Steps of walking forward. @default 4 */
  readonly steps?: number;
  /** Of the resampling. @default 1 */
  readonly seed?: number;
  /** What is being done, and how far it has come, 0 to 1. */
  readonly onProgress?: (doing: string, share: number) => void;
}

export type Retrained =
  | { readonly kind: 'trained'; readonly trained: PolicyTrainedV1; readonly leftOut: Traffic['leftOut'] }
  | { readonly kind: 'too-little'; readonly requests: number; readonly needed: number };

/**
 * Makes a candidate policy from the log and judges it by replay on later traffic. Reads only: the same
 * log and the same code give the same result, bit for bit.
 */
export async function retrainPolicy(store: EventStore, options: RetrainOptions): Promise<Retrained> {
  const { model, base, stretch = {}, steps = 4, seed = 1, onProgress = () => undefined } = options;
  const traffic = await readTraffic(store, stretch, model, (at, head) => onProgress('reading', at / head));
  const { requests, leftOut } = traffic;
  if (requests.length < FEWEST_REQUESTS) {
    return { kind: 'too-little', requests: requests.length, needed: FEWEST_REQUESTS };
  }
  const walk = walkForward(requests, steps);
  const positions = walk.flatMap(({ validation, judged }) => [validation[0]!.position, judged[0]!.position]);
  const known = await knowledgeInOrder(store, { ...stretch, to: traffic.last }, positions, (at, head) =>
    onProgress('learning what was known when', at / head),
  );
  const machines = machinesOf(requests, known(Infinity), base);
  const sessions = sessionsOf(requests, (of) => machines.get(of)!.hardware.keepAliveSeconds);
  const judged: JudgedRequest[] = [];
  let candidate = base;
  for (const [index, step] of walk.entries()) {
    let tried = 0;
    candidate = trainOn(step, base, known, () => {
      tried += 1;
      onProgress('training and judging', (index + tried / (TRAINING_STEPS + 1)) / walk.length);
    });
    const knowledge = known(step.judged[0]!.position);
    judged.push(...compare(step.judged, base, candidate, { machines, knowledge }, sessions));
    onProgress('training and judging', (index + 1) / walk.length);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const policyId = `trained-${traffic.last}-${digestOf(JSON.stringify({ ...candidate, id: '' })).slice(0, 8)}`;
  const last = walk.at(-1)!;
  const trained: PolicyTrainedV1 = {
    policyId,
    model,
    parameters: { ...candidate, id: policyId },
    baseId: base.id,
    trainedOn: { from: traffic.first, to: last.judged[0]!.position - 1, requests: last.training.length },
    judgedOn: { from: walk[0]!.judged[0]!.position, to: traffic.last, requests: judged.length },
    comparison: evaluate(judged, { seed }),
    codeVersion: CODE_VERSION,
    atMs: traffic.lastMs,
  };
  return { kind: 'trained', trained, leftOut };
}

/** What was known of each model right before a position; `Infinity`: at the end. */
type KnownAt = (position: number) => ReadonlyMap<string, Knowledge>;

async function knowledgeInOrder(
  store: EventStore,
  stretch: Stretch,
  positions: readonly number[],
  onRead: (at: number, head: number) => void,
): Promise<KnownAt> {
  const ascending = [...new Set(positions)].toSorted((a, b) => a - b);
  const known = await knowledgeAt(store, stretch, ascending, onRead);
  const byPosition = new Map([...ascending, Infinity].map((position, index) => [position, known[index]!]));
  return (position) => byPosition.get(position)!;
}

/** On past traffic only: what was known, and the machine as it was known, are those of that time. */
function trainOn(
  { training, validation, judged }: WalkStep,
  base: PolicyParameters,
  known: KnownAt,
  onStep: () => void,
): PolicyParameters {
  const machines = machinesOf(training, known(judged[0]!.position), base);
  const knowledge = known(validation[0]!.position);
  const judge = (policy: PolicyParameters): number => {
    let seconds = 0;
    for (const { cost } of replayTraffic(validation, () => policy, { machines, knowledge })) seconds += totalCost(cost);
    return seconds;
  };
  const seen = [...machines.values()].map((machine) => machine.seen);
  return train(base, training, seen, judge, onStep);
}

function machinesOf(
  requests: readonly RecordedRequest[],
  known: ReadonlyMap<string, Knowledge>,
  policy: PolicyParameters,
): ReadonlyMap<string, LearntMachine> {
  const models = [...new Set(requests.map(({ model }) => model))];
  return new Map(
    models.flatMap((model) => {
      const learnt = known.get(model);
      const own = requests.filter((request) => request.model === model);
      return learnt === undefined ? [] : [[model, learntMachine(model, own, learnt, policy)] as const];
    }),
  );
}

function compare(
  requests: readonly RecordedRequest[],
  active: PolicyParameters,
  candidate: PolicyParameters,
  setting: Parameters<typeof replayTraffic>[2],
  sessions: ReadonlyMap<string, string>,
): readonly JudgedRequest[] {
  const costs = (policy: PolicyParameters): ReadonlyMap<string, CostByComponent> =>
    new Map([...replayTraffic(requests, () => policy, setting)].map(({ request, cost }) => [request.requestId, cost]));
  const [was, is] = [costs(active), costs(candidate)];
  return [...was].map(([requestId, cost]) => ({
    session: sessions.get(requestId)!,
    active: cost,
    candidate: is.get(requestId)!,
  }));
}
