import type { Bounded, PolicyParameters, RecordedRequest } from '@rightsize/optimizer-core';
import type { SizingCost } from '../sizing-replay.js';
import type { Knowledge } from './knowledge.js';
import type { LearntMachine } from './learnt-machine.js';
import { PolicyReplay, type PolicyStep } from './policy-replay.js';
import type { ReplayedRequest } from './replayed-request.js';

/** Which of a bounded count is taken. */
export type Variant = keyof Bounded;

/** The machine of each model, and what was known of each when the replay begins. */
export interface ReplaySetting {
  readonly machines: ReadonlyMap<string, LearntMachine>;
  /** Null: replayed as if nothing had been learnt. */
  readonly knowledge: ReadonlyMap<string, Knowledge> | null;
  /** @default 'likely' */
  readonly variant?: Variant;
  /** The largest window that a configured budget holds, tokens; absent: as each decision saw it. */
  readonly memoryWindow?: (model: string) => number | null;
}

export interface ReplayedStep extends PolicyStep {
  readonly request: RecordedRequest;
  /** Seconds since the start of the replay. */
  readonly atSeconds: number;
  readonly cost: SizingCost;
}

/**
 * Replays recorded requests under a policy: each model has a runner of its own, which begins as it was.
 * Requests are served one after the other, and none evicts another model's runner. `policy` may differ by model.
 */
export function* replayTraffic(
  requests: readonly RecordedRequest[],
  policy: (model: string) => PolicyParameters,
  { machines, knowledge, variant = 'likely', memoryWindow }: ReplaySetting,
): Generator<ReplayedStep> {
  const startMs = requests[0]?.atMs ?? 0;
  const replays = new Map<string, PolicyReplay>();
  const sizes = new Map<string, number>();
  for (const request of requests) {
    const { model, conversation, runner } = request;
    const machine = machines.get(model);
    if (machine === undefined) continue;
    const atSeconds = (request.atMs - startMs) / 1e3;
    let replay = replays.get(model);
    if (replay === undefined) {
      replay = new PolicyReplay({
        policy: policy(model),
        ...machine,
        knowledge: knowledge?.get(model) ?? null,
        before: runner === null ? null : { numCtx: runner.window, endedAtSeconds: atSeconds },
        epochMs: startMs,
      });
      replays.set(model, replay);
    }
    const before = conversation === null ? 0 : (sizes.get(conversation) ?? 0);
    const counted = countedAs(request, variant, machine.hardware.maxContext);
    const fitting = memoryWindow ? memoryWindow(model) : request.memoryWindow;
    const replayed = { ...replayedAs(request, counted, atSeconds, before), memoryWindow: fitting };
    yield { request, atSeconds, ...replay.serve(replayed) };
    if (conversation !== null) sizes.set(conversation, counted.prompt + counted.output);
  }
}

interface Counted {
  readonly prompt: number;
  readonly output: number;
}

function countedAs({ prompt, output }: RecordedRequest, variant: Variant, maxContext: number): Counted {
  // Longer than the largest window is cut under every policy: counted beyond it, it would say nothing.
  return { prompt: Math.min(prompt[variant], maxContext), output: output[variant] };
}

function replayedAs(
  { requestId, features, templateId, conversation, clientWindow, uncertain }: RecordedRequest,
  { prompt, output }: Counted,
  atSeconds: number,
  before: number,
): ReplayedRequest {
  return {
    id: requestId,
    atSeconds,
    features,
    templateId,
    conversation,
    clientWindow,
    promptTokens: prompt,
    outputTokens: output,
    cachedPrefix: Math.min(prompt, before),
    teaches: uncertain === null,
  };
}
