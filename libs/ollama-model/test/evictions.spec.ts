import {
  decide,
  DEFAULT_POLICY,
  emptySizingState,
  evictionsOf,
  foldSizing,
  neighbourOf,
  solve,
  type Eviction,
  type ModelFacts,
  type SizingState,
  type TrafficEvent,
} from '@rightsize/optimizer-core';
import { kvBytesPerToken, PROFILES, runnerBytes, type ModelCard } from '../src/index.js';
import { ask, machineWith, SMALL } from './fixtures.js';
import { featuresOf } from './replayed-traffic.js';

const OTHER: ModelCard = { ...SMALL, name: 'other:1b', blob: 'other' };
const HARDWARE = PROFILES.gpu8;
const PER_TOKEN = kvBytesPerToken(SMALL);
const FACTS: ModelFacts = {
  model: SMALL.name,
  trainedContext: 131_072,
  kvBytesPerToken: PER_TOKEN,
  weightsBytes: SMALL.weightsBytes,
  modelfileNumCtx: null,
  remote: false,
  capabilities: [],
};
/** What fits the GPU when nobody else is on it, tokens. */
const ROOM = Math.floor((HARDWARE.vramBytes - runnerBytes(HARDWARE, SMALL, 0)) / PER_TOKEN);
/** Memory alone is nearly free here. */
const POLICY = { ...DEFAULT_POLICY, memoryPrice: 0.2 };
const NOW_MS = 1e12 + 3600e3;

/** Twenty calls, one every few seconds, then nothing until the runner has expired, and again; `needs`: tokens of each. */
function traffic(model: string, needs: (index: number) => number): SizingState {
  return Array.from({ length: 300 }, (_, index): TrafficEvent => {
    const promptTokens = needs(index);
    return {
      type: 'request.completed',
      data: {
        ...{ requestId: String(index), model, route: 'chat', templateId: 'calls', conversation: null, status: 200 },
        ...{ doneReason: 'stop', totalNs: 1e9, loadNs: 0, promptEvalNs: promptTokens * 1e6, evalNs: 1e9 },
        ...{ promptTokens, cachedTokens: 0, outputTokens: 50, window: 98_304, rawEstimate: promptTokens, taints: [] },
        atMs: NOW_MS - (300 - index) * 5e3 - Math.floor((299 - index) / 20) * 400e3,
      },
    };
  }).reduce(foldSizing, emptySizingState(model));
}

const RARELY_LONG = traffic(SMALL.name, (index) => (index === 150 ? 90_000 : 1500));

function opens(evictions: readonly Eviction[], exactPromptTokens = 1500): number {
  const plan = solve(RARELY_LONG, NOW_MS, FACTS, POLICY, ROOM, null, null, evictions);
  const { numCtx } = decide({
    ...{ policy: POLICY, features: featuresOf(exactPromptTokens), runner: null, facts: FACTS, memoryWindow: ROOM },
    ...{ modelStatistics: null, templateStatistics: null, clientWindow: 'hint', exactPromptTokens },
    sizing: {
      ...{ state: RARELY_LONG, plan, nowMs: NOW_MS, isNew: true, refuses: true },
      ...{ conversation: null, templateId: 'calls' },
    },
  });
  return numCtx!;
}

/** Who is resident once the model was loaded in this window beside the other one. */
function besideOther(window: number): readonly string[] {
  const machine = machineWith({ hardware: HARDWARE });
  ask(machine, 1, { model: OTHER, options: { num_ctx: 8192 }, text: null });
  ask(machine, 2, { model: SMALL, options: { num_ctx: window }, text: null });
  return machine.runners().map(({ model }) => model.name);
}

const bytes = runnerBytes(HARDWARE, OTHER, 8192);
const neighbour = (state: SizingState | null) => neighbourOf(state, FACTS, { window: 8192, bytes }, POLICY);

describe('a window that would push out another model', () => {
  it('is what opening costs when nobody asks what the others pay', () => {
    expect(besideOther(opens([]))).toEqual([SMALL.name]);
  });

  it('is not taken for what comes rarely: the other one stays', () => {
    const busy = neighbour(traffic(OTHER.name, () => 1000));
    const window = opens(evictionsOf(ROOM, FACTS, [busy]));
    expect(window).toBeGreaterThan(1550);
    expect(besideOther(window)).toEqual([OTHER.name, SMALL.name]);
  });

  it('is taken for a prompt that needs it', () => {
    const busy = neighbour(traffic(OTHER.name, () => 1000));
    const window = opens(evictionsOf(ROOM, FACTS, [busy]), 90_000);
    expect(window).toBeGreaterThan(90_000);
    expect(besideOther(window)).toEqual([SMALL.name]);
  });

  it('costs by how likely the other one is wanted again', () => {
    const wanted = neighbour(traffic(OTHER.name, () => 1000));
    const hourly = Array.from({ length: 20 }, (_, index) => ({ heldSeconds: 300, expired: true, index }));
    const state = { ...emptySizingState(OTHER.name), units: hourly as unknown as SizingState['units'] };
    expect(neighbour(state).seconds).toBeLessThan(wanted.seconds / 10);
  });

  it('begins about where the server would have to let the other one go, and not beyond', () => {
    const [one] = evictionsOf(ROOM, FACTS, [neighbour(null)]);
    const fits = Math.floor(one!.window / 256) * 256;
    expect(besideOther(fits)).toEqual([OTHER.name, SMALL.name]);
    expect(besideOther(fits + 4096)).toEqual([SMALL.name]);
  });

  it('is not priced where nobody knows how much memory there is', () => {
    expect(evictionsOf(null, FACTS, [neighbour(null)])).toEqual([]);
    expect(evictionsOf(ROOM, { ...FACTS, kvBytesPerToken: null }, [neighbour(null)])).toEqual([]);
  });
});
