import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@rightsize/event-store';
import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';

const MODELS = ['llama3.2:3b', 'qwen3:8b', 'gemma3:12b'];
const CLIENTS = ['open-webui', 'aider', 'editor', 'summariser', 'agent'];
const TEMPLATES = 120;
const NS = 1e9;

/** A sequence of numbers in 0 to 1 that a seed gives again (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * What a gateway records of one request: its decision and its completion, of the shapes and sizes of
 * real ones, by a few clients with three models and 120 templates, some in conversations.
 */
export function requestEvents(random: () => number, serial: number, atMs: number): readonly [NewEvent, NewEvent] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const model = pick(MODELS);
  const requestId = randomUUID();
  const templateId = random() < 0.8 ? `t-${Math.floor(random() * TEMPLATES)}` : null;
  const prompt = Math.round(40 * Math.exp(random() * 5));
  const output = Math.round(10 * Math.exp(random() * 4));
  const window = 4096 * 2 ** Math.floor(random() * 3);
  const shared = { requestId, model, route: 'chat', templateId } as const;
  const conversation = serial % 3 === 0 ? null : `c-${Math.floor(serial / 24)}`;
  const optimized: RequestOptimizedV1 = {
    ...shared,
    client: pick(CLIENTS),
    mode: 'active',
    imposed: true,
    clientWindow: 'hint',
    features: featuresOf(model, prompt),
    runner: {
      window,
      source: 'ps',
      sizeBytes: 5e9 + window * 1e5,
      sizeVramBytes: 5e9 + window * 1e5,
      expiresAtMs: atMs + 3e5,
    },
    decision: decisionOf(prompt, output, window),
    atMs,
  };
  const completed: RequestCompletedV1 = {
    ...shared,
    conversation,
    status: 200,
    doneReason: random() < 0.1 ? 'length' : 'stop',
    totalNs: (prompt / 1500 + output / 60) * NS,
    loadNs: 4e7,
    promptEvalNs: Math.round((prompt / 1500) * NS),
    evalNs: Math.round((output / 60) * NS),
    promptTokens: prompt,
    cachedTokens: Math.floor(prompt / 4),
    outputTokens: output,
    window,
    rawEstimate: prompt * 0.9,
    taints: random() < 0.03 ? ['cancelled'] : [],
    atMs: atMs + 1_000,
  };
  return [
    recorded({ type: 'request.optimized', data: optimized }),
    recorded({ type: 'request.completed', data: completed }),
  ];
}

function recorded({ type, data }: DomainEvent): NewEvent {
  return { id: randomUUID(), type, schemaVersion: 1, data, metadata: {} };
}

function featuresOf(model: string, prompt: number): RequestOptimizedV1['features'] {
  return {
    ...{ route: 'chat', model, textBytes: prompt * 4, wideChars: 0, alphabetChars: 0, digitChars: 3, pieces: prompt },
    ...{ excessLetters: 12, opaqueChars: 0, toolPieces: 0, systemBytes: 800, toolBytes: 0, messageCount: 3 },
    ...{ contextTokens: 0, imageCount: 0, numPredict: null, numCtx: 8192, stream: true, preload: false, unload: false },
    think: null,
    fingerprints: [
      { tokens: 64, hash: 'b8aa0686ea8ebff8' },
      { tokens: 128, hash: '17aa0686ea8ebff8' },
    ],
  };
}

function decisionOf(prompt: number, output: number, window: number): RequestOptimizedV1['decision'] {
  const [promptBound, outputBound] = [prompt * 1.3, output * 2];
  return {
    numCtx: window,
    rule: 'stay',
    policyId: 'priced-1',
    inputs: {
      ...{
        promptEstimate: prompt,
        promptBound,
        outputBound,
        outputSource: 'template',
        need: promptBound + outputBound,
      },
      ...{ loadedWindow: window, trainedContext: 131_072, memoryWindow: 60_000, clientNumCtx: 8192 },
    },
    rejected: [{ numCtx: 2048, reason: 'would do, but reloads: a loaded runner is never shrunk' }],
  };
}
