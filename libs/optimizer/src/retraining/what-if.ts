import {
  replayTraffic,
  type Hardware,
  type LearntMachine,
  type ReplaySetting,
  type Variant,
} from '@rightsize/ollama-model';
import {
  addCosts,
  NO_COST,
  totalCost,
  type PolicyParameters,
  type RecordedRequest,
  type Uncertainty,
} from '@rightsize/optimizer-core';

const GIB = 2 ** 30;
const HOUR = 3600;

/** What traffic did to the runners. Null: the log does not say. */
export interface TrafficFigures {
  readonly reloads: number;
  readonly refused: number;
  readonly cut: number;
  readonly shifted: number;
  /** Of reloads. */
  readonly loadSeconds: number;
  readonly prefixSeconds: number | null;
  readonly spillSeconds: number | null;
  /** Of KV cache, held between requests. */
  readonly gibHours: number;
  /** All of these in seconds, memory and what was cut at their prices. */
  readonly costSeconds: number | null;
  readonly meanWindow: number;
}

/** The same with counts of which the log knows only bounds taken at their least and at their most. */
export interface BoundedFigures {
  readonly lower: TrafficFigures;
  readonly upper: TrafficFigures;
}

export interface WhatIf {
  readonly requests: number;
  /** Requests whose counts are only bounded, by why. */
  readonly uncertain: Readonly<Record<Uncertainty, number>>;
  readonly happened: TrafficFigures;
  /** The active policy replayed: how far the replay is from what happened tells how far to trust it. */
  readonly active: BoundedFigures;
  readonly asked: BoundedFigures;
}

/** Other settings than those that were. */
export interface AskedSettings {
  readonly policy: PolicyParameters;
  readonly keepAliveSeconds?: number;
  /** What weights and KV cache may take together. */
  readonly memoryBytes?: number;
  /** Another machine, with its reference model. */
  readonly hardware?: Hardware;
}

type Known = Required<Pick<ReplaySetting, 'machines' | 'knowledge'>>;

/** Replays recorded traffic under the active policy and under other settings, beside what happened. */
export function whatIf(
  requests: readonly RecordedRequest[],
  active: (model: string) => PolicyParameters,
  known: Known,
  asked: AskedSettings,
): WhatIf {
  const uncertain = { cut: 0, shifted: 0, cancelled: 0 };
  for (const request of requests) if (request.uncertain !== null) uncertain[request.uncertain] += 1;
  const other: ReplaySetting = { ...known, machines: otherMachines(known.machines, asked), ...budgetOf(known, asked) };
  return {
    requests: requests.length,
    uncertain,
    happened: happenedOf(requests, known.machines),
    active: bounded(requests, active, known),
    asked: bounded(requests, () => asked.policy, other),
  };
}

function otherMachines(
  machines: ReadonlyMap<string, LearntMachine>,
  { keepAliveSeconds, hardware }: AskedSettings,
): ReadonlyMap<string, LearntMachine> {
  const keepAlive = keepAliveSeconds === undefined ? {} : { keepAliveSeconds };
  return new Map(
    [...machines].map(([model, machine]) => {
      if (hardware === undefined) return [model, { ...machine, hardware: { ...machine.hardware, ...keepAlive } }];
      const { kvBytesPerToken, weightsBytes, maxContext } = hardware;
      const facts = { ...machine.facts, kvBytesPerToken, weightsBytes, trainedContext: maxContext };
      // The price of memory is a wish of this installation, not of the machine.
      const { memoryPrice } = machine.hardware;
      return [model, { ...machine, facts, hardware: { ...hardware, ...keepAlive, memoryPrice } }];
    }),
  );
}

function budgetOf({ machines }: Known, { memoryBytes, hardware }: AskedSettings): Pick<ReplaySetting, 'memoryWindow'> {
  if (memoryBytes === undefined) return {};
  return {
    memoryWindow: (model) => {
      const { weightsBytes, overheadBytes, kvBytesPerToken } = hardware ?? machines.get(model)!.hardware;
      return Math.max(0, Math.floor((memoryBytes - weightsBytes - overheadBytes) / kvBytesPerToken));
    },
  };
}

function bounded(
  requests: readonly RecordedRequest[],
  policy: (model: string) => PolicyParameters,
  setting: ReplaySetting,
): BoundedFigures {
  const lower = replayed(requests, policy, setting, 'lower');
  const isExact = requests.every(({ uncertain }) => uncertain === null);
  return { lower, upper: isExact ? lower : replayed(requests, policy, setting, 'upper') };
}

function replayed(
  requests: readonly RecordedRequest[],
  policy: (model: string) => PolicyParameters,
  setting: ReplaySetting,
  variant: Variant,
): TrafficFigures {
  let cost = NO_COST;
  let [count, reloads, refused, cut, shifted, windows, gibHours] = [0, 0, 0, 0, 0, 0, 0];
  for (const { request, step, cost: added } of replayTraffic(requests, policy, { ...setting, variant })) {
    const { memoryPrice } = setting.machines.get(request.model)!.hardware;
    cost = addCosts(cost, added);
    count += 1;
    reloads += step.reloads;
    refused += step.refused;
    cut += step.outcome === 'cut' ? 1 : 0;
    shifted += step.outcome === 'shifted' ? 1 : 0;
    windows += step.numCtx;
    gibHours += memoryPrice > 0 ? added.hold / memoryPrice : 0;
  }
  return {
    reloads,
    refused,
    cut,
    shifted,
    loadSeconds: cost.load,
    prefixSeconds: cost.prefix,
    spillSeconds: cost.spill,
    gibHours,
    costSeconds: totalCost(cost),
    meanWindow: count === 0 ? 0 : windows / count,
  };
}

function happenedOf(
  requests: readonly RecordedRequest[],
  machines: ReadonlyMap<string, LearntMachine>,
): TrafficFigures {
  const last = new Map<string, RecordedRequest>();
  let [reloads, refused, cut, shifted, loadSeconds, windows, known, gibHours] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const request of requests) {
    const { happened, model, atMs } = request;
    const before = last.get(model);
    if (before?.happened.window != null) {
      const { keepAliveSeconds, kvBytesPerToken } = machines.get(model)!.hardware;
      const idle = Math.min(keepAliveSeconds, Math.max(0, (atMs - before.endMs) / 1e3));
      gibHours += (idle * before.happened.window * kvBytesPerToken) / GIB / HOUR;
    }
    if (happened.load !== null && happened.load !== 'first') {
      reloads += 1;
      loadSeconds += happened.loadSeconds;
    }
    refused += happened.refusals;
    cut += happened.outcome === 'cut' ? 1 : 0;
    shifted += happened.outcome === 'shifted' ? 1 : 0;
    if (happened.window !== null) {
      windows += happened.window;
      known += 1;
    }
    last.set(model, request);
  }
  return {
    reloads,
    refused,
    cut,
    shifted,
    loadSeconds,
    prefixSeconds: null,
    spillSeconds: null,
    gibHours,
    costSeconds: null,
    meanWindow: known === 0 ? 0 : windows / known,
  };
}
