import {
  decide,
  solve,
  type Decision,
  type DecisionInput,
  type ModelFacts,
  type PolicyParameters,
  type Prices,
  type RunnerView,
  type SizingPlan,
} from '@rightsize/optimizer-core';
import { hasGpu, type Hardware } from '../hardware.js';
import { SizingReplay, type LoadedBefore, type SizingCost, type SizingStep } from '../sizing-replay.js';
import { Learner, type Knowledge } from './knowledge.js';
import type { ReplayedRequest } from './replayed-request.js';
import { toldEvents } from './told-events.js';

/** The value of windows is solved anew after this many requests, as in the gateway. */
const SOLVE_EVERY = 3;
/** Refusals after which the last attempt is sent as it is. */
const MAX_REFUSALS = 2;
const MS = 1e3;

export interface PolicyReplayOptions {
  readonly policy: PolicyParameters;
  readonly hardware: Hardware;
  readonly facts: ModelFacts;
  /** What is known when it begins; null: nothing. */
  readonly knowledge?: Knowledge | null;
  readonly before?: LoadedBefore | null;
  /** Milliseconds since the epoch at second 0. Statistics read 0 as never. @default 1e12 */
  readonly epochMs?: number;
  /** The largest window that fits the memory where a request does not say, tokens; null: no limit. @default null */
  readonly memoryWindow?: number | null;
  /** Prices of the machine told beforehand instead of learnt. @default null */
  readonly told?: Prices | null;
  /** Prices the very first request too, of which a gateway knows nothing to price with. @default false */
  readonly pricesFirst?: boolean;
  /** Wraps the first decision of each request, to time it. */
  readonly deciding?: (decide: () => Decision) => Decision;
  /** Wraps what is solved beside the requests, to time it. */
  readonly solving?: (solve: () => SizingPlan) => SizingPlan;
}

/** What the policy decided for one request, and what that cost. */
export interface PolicyStep {
  readonly attempts: readonly Decision[];
  readonly step: SizingStep;
  /** Seconds that this request added, and holding the runner since the last one. */
  readonly cost: SizingCost;
}

/**
 * The gateway's policy over requests that are known by their counts: it decides before it sees the
 * answer, then learns from it, as the gateway does; {@link SizingReplay} says what each window did.
 */
export class PolicyReplay {
  readonly #options: PolicyReplayOptions;
  readonly #machine: SizingReplay;
  readonly #learner: Learner;
  #plan: SizingPlan | null = null;
  #untilSolved = 0;

  constructor(options: PolicyReplayOptions) {
    this.#options = options;
    this.#machine = new SizingReplay(options.hardware, options.before);
    this.#learner = new Learner(options.facts.model, options.knowledge);
  }

  serve(request: ReplayedRequest): PolicyStep {
    const { hardware, deciding = (decideNow) => decideNow() } = this.#options;
    const loaded = this.#machine.windowAt(request.atSeconds);
    const runner = loaded === null ? null : this.#asShown(loaded);
    this.#solveNowAndThen(request);
    const attempts = [deciding(() => this.#decide(request, runner))];
    // A refusal tells the exact count, and costs nothing but the attempt.
    while (request.promptTokens >= windowOf(attempts.at(-1)!, request, hardware) && attempts.length <= MAX_REFUSALS) {
      const refusing = this.#asShown(windowOf(attempts.at(-1)!, request, hardware));
      attempts.push(this.#decide(request, refusing, request.promptTokens));
    }
    const before = this.#machine.cost();
    const step = this.#machine.request(
      request,
      attempts.map((decision) => windowOf(decision, request, hardware)),
    );
    this.#learn(request, runner, attempts.at(-1)!, step);
    return { attempts, step, cost: costBetween(before, this.#machine.cost()) };
  }

  /** The tally so far. */
  cost(): SizingCost {
    return this.#machine.cost();
  }

  /** What has been learnt so far. */
  known(): Knowledge {
    return this.#learner.known();
  }

  #solveNowAndThen(request: ReplayedRequest): void {
    if (this.#plan !== null && this.#untilSolved > 0) {
      this.#untilSolved--;
      return;
    }
    this.#untilSolved = SOLVE_EVERY - 1;
    const { facts, policy, told, solving = (solveNow) => solveNow() } = this.#options;
    const memoryWindow = this.#memoryWindowOf(request);
    const nowMs = this.#atMs(request.atSeconds);
    this.#plan = solving(() => solve(this.#learner.sizing, nowMs, facts, policy, memoryWindow, this.#plan, told));
  }

  #memoryWindowOf({ memoryWindow = this.#options.memoryWindow }: ReplayedRequest): number | null {
    return memoryWindow ?? null;
  }

  #decide(request: ReplayedRequest, runner: RunnerView | null, exactPromptTokens?: number): Decision {
    const { policy, facts, pricesFirst = false } = this.#options;
    const { features, templateId, conversation, clientWindow } = request;
    const learner = this.#learner;
    const plan = pricesFirst || !learner.isEmpty ? this.#plan : null;
    const input: DecisionInput = {
      policy,
      features,
      runner,
      facts,
      modelStatistics: learner.model,
      templateStatistics: learner.template(templateId),
      clientWindow,
      memoryWindow: this.#memoryWindowOf(request),
      sizing: plan && {
        state: learner.sizing,
        plan,
        nowMs: this.#atMs(request.atSeconds),
        isNew: true,
        conversation,
        templateId,
        refuses: true,
      },
    };
    return decide(exactPromptTokens === undefined ? input : { ...input, exactPromptTokens });
  }

  #learn(request: ReplayedRequest, runner: RunnerView | null, decision: Decision, step: SizingStep): void {
    const atMs = this.#atMs(request.atSeconds);
    const endedAtMs = this.#atMs(this.#machine.endedAtSeconds);
    const { model } = this.#options.facts;
    const told = { model, request, runner, decision, step, atMs, endedAtMs };
    for (const event of toldEvents(told)) this.#learner.fold(event);
  }

  /** As `/api/ps` would: what exceeds the GPU lies on the CPU; a machine without a GPU shows no memory on it. */
  #asShown(window: number): RunnerView {
    const { hardware } = this.#options;
    const sizeBytes = hardware.weightsBytes + hardware.overheadBytes + window * hardware.kvBytesPerToken;
    const sizeVramBytes = hasGpu(hardware) ? Math.min(hardware.vramBytes, sizeBytes) : 0;
    return { window, source: 'ps', sizeBytes, sizeVramBytes, expiresAtMs: null };
  }

  #atMs(seconds: number): number {
    return (this.#options.epochMs ?? 1e12) + seconds * MS;
  }
}

/** What is sent: the decision, or where it leaves the request alone, what the client asked for. */
function windowOf({ numCtx }: Decision, { features }: ReplayedRequest, { defaultContext }: Hardware): number {
  return numCtx ?? features.numCtx ?? defaultContext;
}

function costBetween(before: SizingCost, after: SizingCost): SizingCost {
  return {
    load: after.load - before.load,
    prefix: after.prefix - before.prefix,
    spill: after.spill - before.spill,
    hold: after.hold - before.hold,
    short: after.short - before.short,
  };
}
