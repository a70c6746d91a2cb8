import type { RequestFeatures } from './request.js';
import type { ModelFacts, RunnerView } from './runner.js';
import type { SizingBeliefs } from './policy/beliefs.js';
import type { SizingPlan } from './policy/sizing-plan.js';
import type { SizingState } from './policy/sizing-state.js';
import type { ModelStatistics, TemplateStatistics } from './statistics.js';

/** How a client's own `num_ctx` is read. */
export type ClientWindowRule = 'hint' | 'floor' | 'exact';

/** The numbers a policy decides with. Immutable; `id` names it in every decision it makes. */
export interface PolicyParameters {
  readonly id: string;
  /** Quantile of the learnt answer lengths that a window must hold, 0 to 1. */
  readonly outputQuantile: number;
  /** Answer length assumed before anything is known, tokens. */
  readonly unknownOutput: number;
  /** Share of the need added on top of it for what the estimate misses, 0.1 = 10 %. */
  readonly margin: number;
  /** Tokens added on top of it whatever the size. */
  readonly marginTokens: number;
  /** How much more than the need is taken when a load happens anyway, as a factor of 1 or more. */
  readonly headroom: number;
  /** Window that a fresh load opens with while the model's needs are unknown, tokens (when that holds the need). */
  readonly unknownWindow: number;
  /** Answers that must have been seen before their quantile is believed. */
  readonly minSamples: number;
  /** Quantile of the model's recent needs that a fresh load opens with, 0 to 1. */
  readonly openQuantile: number;
  /** Windows are multiples of this many tokens: the runner rounds up to 256 itself. */
  readonly step: number;
  /** No window smaller than this many tokens is ever asked for. */
  readonly minWindow: number;
  /** Seconds that a GiB of memory held for an hour is worth. */
  readonly memoryPrice: number;
  /** Seconds that an answer which outgrows its window, and loses its beginning, is worth. */
  readonly shiftPrice: number;
  /** Tokens per unit of each size of a text (prompt-sizes.ts) before a model was counted. Absent: those of any. */
  readonly tokensPer?: readonly number[];
  /** What is believed before traffic tells better. Absent: the default. */
  readonly beliefs?: SizingBeliefs;
}

/** What pricing windows needs beside the request; docs/decisions/sizing-policy.md says what each part is for. */
export interface SizingKnowledge {
  readonly state: SizingState;
  /** Solved from a state of a few requests ago at most. */
  readonly plan: SizingPlan;
  readonly nowMs: number;
  /**
   * Something was learnt since windows were last priced. While nothing was, a runner that holds the need
   * is not questioned again: pricing costs many times what the rest of a decision does.
   */
  readonly isNew: boolean;
  /** Keyed identity of the request's conversation and of its template; null: not known. */
  readonly conversation: string | null;
  readonly templateId: string | null;
  /** The server refuses what does not fit (`truncate: false`) instead of cutting it. */
  readonly refuses: boolean;
}

/** Everything a decision depends on: same input, same decision. */
export interface DecisionInput {
  readonly policy: PolicyParameters;
  readonly features: RequestFeatures;
  /** The loaded runner, or null when none is believed to be. */
  readonly runner: RunnerView | null;
  readonly facts: ModelFacts | null;
  readonly modelStatistics: ModelStatistics | null;
  readonly templateStatistics: TemplateStatistics | null;
  readonly clientWindow: ClientWindowRule;
  /** Prompt tokens as the server counted them when it refused an earlier attempt. */
  readonly exactPromptTokens?: number;
  /**
   * The largest window, tokens, that is believed to fit the memory meant for it (configured, or seen on
   * the server; see `memoryWindow()`); null: no limit known.
   */
  readonly memoryWindow: number | null;
  /** Absent or null: nothing to price with, the need alone decides. */
  readonly sizing?: SizingKnowledge | null;
}

export type DecisionRule =
  /** The loaded runner holds the need: ask for exactly its window. */
  | 'stay'
  /** The loaded runner is too small: reload with room to spare. */
  | 'grow'
  /** A smaller window is worth the reload. */
  | 'shrink'
  /** Nothing is loaded: open with what the model's traffic usually needs. */
  | 'open'
  /** Somebody gave the template this window, and it holds the need. */
  | 'pinned'
  /** Configured `exact`: the client's own value. */
  | 'client-exact'
  /** The server was started with one window for all: the request goes as it came. */
  | 'fixed'
  /** Not ours to set: remote model, unload, or nothing to decide from. */
  | 'leave';

export interface RejectedCandidate {
  /** Tokens. */
  readonly numCtx: number;
  /** Why not, in words for people: "smaller than the need of 5,120". */
  readonly reason: string;
}

export interface Decision {
  /** The window to send, tokens; null: send the request as it came. */
  readonly numCtx: number | null;
  readonly rule: DecisionRule;
  readonly policyId: string;
  readonly inputs: {
    /** Expected prompt tokens, and the bound that the window has to hold. */
    readonly promptEstimate: number;
    readonly promptBound: number;
    /** Tokens kept for the answer, and where that number comes from. */
    readonly outputBound: number;
    readonly outputSource: 'num_predict' | 'template' | 'model' | 'default' | 'none';
    /** promptBound + outputBound + margin, tokens, unclamped. */
    readonly need: number;
    readonly loadedWindow: number | null;
    readonly trainedContext: number | null;
    /** The largest window that fits the memory budget; null: no limit known. */
    readonly memoryWindow: number | null;
    readonly clientNumCtx: number | null;
  };
  readonly rejected: readonly RejectedCandidate[];
  /** Windows with their expected seconds, cheapest first, where windows were priced. */
  readonly prices?: readonly { readonly numCtx: number; readonly seconds: number }[];
}
