import type { NewEvent } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { rawPromptTokens, type DomainEvent, type RequestFeatures } from '@rightsize/optimizer-core';

/** One request of a made-up log, with its true counts. */
export interface Asked {
  /** Seconds since the log's beginning. */
  readonly at: number;
  readonly model: string;
  readonly prompt: number;
  readonly output: number;
  /** The window it ran in. */
  readonly window: number;
  readonly client?: string;
  readonly template?: string;
  readonly conversation?: string | null;
  /** The client's own. */
  readonly numCtx?: number | null;
  readonly mode?: 'active' | 'shadow';
}

export const START_MS = Date.UTC(2026, 0, 5);
const NS = 1e9;
const LOAD_SECONDS = 4;
const PREFILL_RATE = 1500;
const DECODE_RATE = 60;
const KEEP_ALIVE = 300;
const KV_BYTES = 131_072;
const WEIGHTS = 5e9;

const EMPTY: RequestFeatures = {
  route: 'chat',
  model: '',
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
  messageCount: 1,
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
const BARE = rawPromptTokens(EMPTY);
const PER_PIECE = rawPromptTokens({ ...EMPTY, pieces: 1 }) - BARE;

/** The events that a gateway would have written of these requests, served one after the other. */
export function eventsOf(asked: readonly Asked[]): readonly DomainEvent[] {
  const loaded = new Map<string, { window: number; endedAt: number }>();
  return asked.flatMap((one, index) => {
    const before = loaded.get(one.model);
    const runner = before && one.at - before.endedAt <= KEEP_ALIVE ? before.window : null;
    const seconds = one.prompt / PREFILL_RATE + one.output / DECODE_RATE + (runner === one.window ? 0 : LOAD_SECONDS);
    loaded.set(one.model, { window: one.window, endedAt: one.at + seconds });
    return eventsOfOne(one, `r${index}`, runner, seconds);
  });
}

function eventsOfOne(one: Asked, requestId: string, runner: number | null, seconds: number): readonly DomainEvent[] {
  const { model, prompt, output, window } = one;
  const atMs = START_MS + one.at * 1e3;
  const endMs = atMs + seconds * 1e3;
  const loads = runner !== window;
  const whole = prompt + output <= window;
  const features = { ...EMPTY, model, numCtx: one.numCtx ?? null, pieces: (prompt - BARE) / PER_PIECE };
  const sizeBytes = runner === null ? 0 : WEIGHTS + runner * KV_BYTES;
  const common = { requestId, model, templateId: one.template ?? null };
  const events: DomainEvent[] = [
    {
      type: 'request.optimized',
      data: {
        ...common,
        route: 'chat',
        client: one.client ?? null,
        mode: one.mode ?? 'active',
        imposed: one.mode !== 'shadow',
        clientWindow: 'hint',
        features,
        runner:
          runner === null
            ? null
            : { window: runner, source: 'ps', sizeBytes, sizeVramBytes: sizeBytes, expiresAtMs: null },
        decision: {
          numCtx: window,
          rule: runner === window ? 'stay' : runner === null ? 'open' : 'grow',
          policyId: 'made-up',
          inputs: {
            promptEstimate: prompt,
            promptBound: Math.ceil(prompt * 1.1),
            outputBound: output,
            outputSource: 'model',
            need: prompt + output,
            loadedWindow: runner,
            trainedContext: 131_072,
            memoryWindow: null,
            clientNumCtx: one.numCtx ?? null,
          },
          rejected: [],
        },
        atMs,
      },
    },
    {
      type: 'request.completed',
      data: {
        ...common,
        route: 'chat',
        conversation: one.conversation ?? null,
        status: 200,
        doneReason: 'stop',
        totalNs: seconds * NS,
        loadNs: (loads ? LOAD_SECONDS : 0.05) * NS,
        promptEvalNs: (prompt / PREFILL_RATE) * NS,
        evalNs: (output / DECODE_RATE) * NS,
        promptTokens: prompt,
        cachedTokens: 0,
        outputTokens: output,
        window,
        rawEstimate: prompt,
        taints: whole ? [] : ['shifted'],
        atMs: endMs,
      },
    },
  ];
  if (!whole) {
    events.push({
      type: 'truncation.detected',
      data: {
        ...common,
        kind: 'answer-shifted',
        sign: 'beyond-window',
        window,
        promptTokens: prompt,
        outputTokens: output,
        promptEstimate: prompt,
        atMs: endMs,
      },
    });
  }
  if (loads) {
    const cause = runner === null ? 'first' : one.mode === 'shadow' ? 'foreign' : 'decision';
    events.push({
      type: 'runner.reloaded',
      data: { requestId, model, fromWindow: runner, toWindow: window, loadNs: LOAD_SECONDS * NS, cause, atMs: endMs },
    });
  }
  return events;
}

/** A database that holds just these events. */
export async function writeLog(file: string, events: readonly DomainEvent[]): Promise<void> {
  let nowMs = START_MS;
  const { store, close } = await openEventStorage({ file, now: () => nowMs });
  const made = events.map((event, index): NewEvent => {
    const id = `01920000-0000-7000-8000-${String(index).padStart(12, '0')}`;
    return { id, ...event, schemaVersion: 1, metadata: {} };
  });
  for (let from = 0; from < made.length; from += 500) {
    nowMs = events[from]!.data.atMs;
    await store.append('made-up', made.slice(from, from + 500));
  }
  await close();
}
