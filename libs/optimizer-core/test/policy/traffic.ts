import {
  emptySizingState,
  foldSizing,
  type TrafficEvent,
  type RequestCompletedV1,
  type SizingState,
} from '../../src/index.js';
import { MODEL } from '../given.js';

const NS = 1e9;
const START_MS = 1e12;

export interface Answered {
  /** Seconds since the start. */
  readonly at: number;
  readonly prompt: number;
  readonly output: number;
  readonly template?: string;
  readonly conversation?: string | null;
  readonly window?: number;
}

export const atMs = (seconds: number): number => START_MS + seconds * 1e3;

export function completion(answered: Answered, over: Partial<RequestCompletedV1> = {}): TrafficEvent {
  const { at, prompt, output } = answered;
  return {
    type: 'request.completed',
    data: {
      requestId: String(at),
      model: MODEL,
      route: 'chat',
      templateId: answered.template ?? 'chat',
      conversation: answered.conversation ?? null,
      status: 200,
      doneReason: 'stop',
      totalNs: NS,
      loadNs: 0.01 * NS,
      promptEvalNs: (prompt / 1000) * NS,
      evalNs: (output / 50) * NS,
      promptTokens: prompt,
      cachedTokens: 0,
      outputTokens: output,
      window: answered.window ?? 8192,
      rawEstimate: prompt,
      taints: [],
      atMs: atMs(at),
      ...over,
    },
  };
}

export function loaded(window: number, seconds: number): TrafficEvent {
  return {
    type: 'runner.reloaded',
    data: {
      requestId: '1',
      model: MODEL,
      fromWindow: null,
      toWindow: window,
      loadNs: seconds * NS,
      cause: 'first',
      atMs: START_MS,
    },
  };
}

export function stateAfter(...events: readonly TrafficEvent[]): SizingState {
  return events.reduce(foldSizing, emptySizingState(MODEL));
}
