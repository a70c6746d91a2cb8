import type { ClientWindowRule, Decision, PolicyParameters } from './decision.js';
import type { Fingerprint, InferenceRoute, RequestFeatures } from './request.js';
import type { BatchDecision } from './machine/batch-decision.js';
import type { MachineMemory } from './machine/machine-memory.js';
import type { RunnerView } from './runner.js';
import type { Share } from './safeguard/exceeds-by-chance.js';
import type { Harm } from './safeguard/harm.js';
import type { TemplateDefinition } from './templates/template-definition.js';
import type { PolicyComparison } from './training/comparison.js';

/** Durable names: what the log stores. Never change one that has been written. */
export const EVENT_TYPES = {
  RequestOptimized: 'request.optimized',
  RequestCompleted: 'request.completed',
  TemplateDetected: 'template.detected',
  TemplateSplit: 'template.split',
  TemplatesMerged: 'templates.merged',
  TemplateEvicted: 'template.evicted',
  RunnerReloaded: 'runner.reloaded',
  TruncationDetected: 'truncation.detected',
  RequestRefused: 'request.refused',
  PolicyTrained: 'policy.trained',
  PolicyActivated: 'policy.activated',
  RunnerLoadFailed: 'runner.load-failed',
  OperatorActed: 'operator.acted',
  SafeguardTripped: 'safeguard.tripped',
  SafeguardLifted: 'safeguard.lifted',
  SafeguardPulled: 'safeguard.pulled',
  TemplatePinned: 'template.pinned',
  TemplateLocked: 'template.locked',
  TemplateForgotten: 'template.forgotten',
  MachineMemoryChanged: 'machine.memory-changed',
  RequestTurnedAway: 'request.turned-away',
} as const;

export type OperatingMode = 'active' | 'shadow' | 'off';

/** A request was analysed and a window chosen (imposed in `active` mode only). */
export interface RequestOptimizedV1 {
  readonly requestId: string;
  readonly model: string;
  readonly route: InferenceRoute;
  /** Who asked, as far as the proxy can tell (a header or the user agent's product name). */
  readonly client: string | null;
  readonly mode: OperatingMode;
  readonly imposed: boolean;
  readonly clientWindow: ClientWindowRule;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  readonly runner: RunnerView | null;
  readonly decision: Decision;
  /** Milliseconds that it was held back while its model's window changed; absent: it was not. */
  readonly heldMs?: number;
  /** Absent: `num_batch` was none of ours to choose. */
  readonly numBatch?: BatchDecision;
  /** What the server gives a request that names no window, tokens, where that is known; absent: it is not. */
  readonly serverWindow?: number;
  /** `control`: sent as it came, to compare others with; absent: not. */
  readonly group?: 'control';
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Why a completion must not teach. */
export type Taint = 'truncated' | 'shifted' | 'cancelled' | 'failed' | 'incomplete' | 'length' | 'preload';

/** A request ended, well or badly. Durations in nanoseconds, counts in tokens, null where the server did not say. */
export interface RequestCompletedV1 {
  readonly requestId: string;
  readonly model: string;
  readonly route: InferenceRoute;
  readonly templateId: string | null;
  /** Keyed identity of the conversation it belongs to; absent or null: a single request, or not known. */
  readonly conversation?: string | null;
  /** HTTP status; 0 when none was received. */
  readonly status: number;
  readonly doneReason: string | null;
  readonly totalNs: number | null;
  readonly loadNs: number | null;
  readonly promptEvalNs: number | null;
  readonly evalNs: number | null;
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
  /** The window the answer ran in as far as is known, tokens. */
  readonly window: number | null;
  /** The `num_batch` that was imposed, null: the server's own choice; absent where nothing was imposed. */
  readonly numBatch?: number | null;
  /** Uncalibrated estimate of the prompt, tokens: what calibration learns against. */
  readonly rawEstimate: number;
  readonly taints: readonly Taint[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/**
 * Prompts of one template were seen: from here on its statistics are kept. Told again when what the
 * template is known by has changed; the last definition counts.
 */
export interface TemplateDetectedV1 {
  readonly templateId: string;
  readonly model: string;
  readonly definition: TemplateDefinition;
  /** Of the request that founded it. */
  readonly fingerprints: readonly Fingerprint[];
  readonly atMs: number;
}

/** A template turned out to hold another: the new one's requests were the parent's before. */
export interface TemplateSplitV1 extends TemplateDetectedV1 {
  readonly parentId: string;
}

/** Two templates turned out to be one: what is known of the first belongs to the survivor. */
export interface TemplatesMergedV1 {
  /** The id that is used no more. */
  readonly templateId: string;
  readonly survivorId: string;
  readonly model: string;
  readonly atMs: number;
}

/** A template was forgotten to make room for others. */
export interface TemplateEvictedV1 {
  readonly templateId: string;
  readonly model: string;
  /** Prompts that had matched it since the start. */
  readonly uses: number;
  readonly atMs: number;
}

/** Somebody gave the template's requests a window of their choice. */
export interface TemplatePinnedV1 {
  readonly templateId: string;
  readonly model: string;
  /** Tokens; null: it follows the need again. */
  readonly window: number | null;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Somebody had what is known of a template stay as it is, or go on. */
export interface TemplateLockedV1 {
  readonly templateId: string;
  readonly model: string;
  readonly locked: boolean;
  readonly atMs: number;
}

/** Somebody had a template forgotten: its prompts are new ones from here on. */
export interface TemplateForgottenV1 {
  readonly templateId: string;
  readonly model: string;
  readonly atMs: number;
}

/** What people want with templates. */
export type TemplateOrder =
  | { readonly type: 'template.pinned'; readonly data: TemplatePinnedV1 }
  | { readonly type: 'template.locked'; readonly data: TemplateLockedV1 }
  | { readonly type: 'template.forgotten'; readonly data: TemplateForgottenV1 };

/** What detection has to tell the log. */
export type TemplateEvent =
  | { readonly type: 'template.detected'; readonly data: TemplateDetectedV1 }
  | { readonly type: 'template.split'; readonly data: TemplateSplitV1 }
  | { readonly type: 'templates.merged'; readonly data: TemplatesMergedV1 }
  | { readonly type: 'template.evicted'; readonly data: TemplateEvictedV1 };

/** A completion's `load_duration` shows that the model was (re)loaded for it. */
export interface RunnerReloadedV1 {
  readonly requestId: string;
  readonly model: string;
  readonly fromWindow: number | null;
  readonly toWindow: number | null;
  readonly loadNs: number;
  /** `first`: nothing was loaded. `decision`: we asked for another window. `foreign`: somebody else changed it. */
  readonly cause: 'first' | 'decision' | 'foreign';
  readonly atMs: number;
}

/** A prompt was cut, or an answer outgrew its window. */
export interface TruncationDetectedV1 {
  readonly requestId: string;
  readonly model: string;
  readonly templateId: string | null;
  readonly kind: 'prompt-cut' | 'answer-shifted';
  /** Which sign gave it away. */
  readonly sign: 'half-window-formula' | 'below-estimate' | 'below-last-turn' | 'beyond-window';
  readonly window: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly promptEstimate: number;
  readonly atMs: number;
}

/** The server would not cut a prompt that did not fit the window it was sent with. The caller sees nothing of it. */
export interface RequestRefusedV1 {
  readonly requestId: string;
  readonly model: string;
  readonly templateId: string | null;
  /** The window it was sent with, tokens. */
  readonly window: number;
  /** As the server counted them; null where it gave no number. */
  readonly promptTokens: number | null;
  /** Uncalibrated estimate of the prompt, tokens. */
  readonly rawEstimate: number;
  /** The next attempt; null: the caller gets the refusal, as it asked for. */
  readonly next: Decision | null;
  readonly atMs: number;
}

/** A stretch of the log, positions of its first and last event. */
export interface LogRange {
  readonly from: number;
  readonly to: number;
  /** Requests in it that could be used. */
  readonly requests: number;
}

/** A candidate policy was made from the log and compared with the active one on later events. */
export interface PolicyTrainedV1 {
  readonly policyId: string;
  /** The model whose traffic it was made from, and for which alone it is meant; null: all. */
  readonly model: string | null;
  readonly parameters: PolicyParameters;
  /** The policy it began with and was compared to. */
  readonly baseId: string;
  readonly trainedOn: LogRange;
  /** Later than all it was trained on. */
  readonly judgedOn: LogRange;
  readonly comparison: PolicyComparison;
  readonly codeVersion: string;
  /** Of the last event that was read, milliseconds since the epoch: the same log gives the same event. */
  readonly atMs: number;
}

/** From here on a policy decides. */
export interface PolicyActivatedV1 {
  readonly policyId: string;
  /** What decided before. */
  readonly previousId: string;
  /** The model it decides for; null: all that have none of their own. */
  readonly model: string | null;
  readonly reason: 'retrained' | 'chosen' | 'rollback';
  /** Although it was not shown to be better. */
  readonly forced: boolean;
  readonly atMs: number;
}

export type PolicyEvent =
  | { readonly type: 'policy.trained'; readonly data: PolicyTrainedV1 }
  | { readonly type: 'policy.activated'; readonly data: PolicyActivatedV1 };

/** The server could not load the model with what a request was sent with. */
export interface RunnerLoadFailedV1 {
  readonly requestId: string;
  readonly model: string;
  /** The window that was asked for, tokens; null: the request went as it came. */
  readonly window: number | null;
  /** The `num_batch` that was imposed; null: the server's own choice. */
  readonly numBatch: number | null;
  readonly cause: 'memory' | 'crash' | 'timeout';
  /** The next attempt; null: the request goes as it came. */
  readonly next: Decision | null;
  readonly atMs: number;
}

/** Somebody changed something by hand, or a file did. Kept for people: nothing is learnt from it. */
export interface OperatorActedV1 {
  /** What was done: `configuration.change`, `policy.activate`, … */
  readonly action: string;
  /** What it was done to; never a secret. */
  readonly target: string;
  readonly details: Readonly<Record<string, string>>;
  /** By whom, as far as it can be told: `key`, `local`, `file`. */
  readonly by: string;
  readonly atMs: number;
}

export interface OperatorEvent {
  readonly type: 'operator.acted';
  readonly data: OperatorActedV1;
}

/** Harm rose beyond noise: from here on the model's requests go as they came. */
export interface SafeguardTrippedV1 {
  readonly model: string;
  readonly harm: Harm;
  /** What it was compared with: requests that went as they came, or the model's first hour. */
  readonly against: 'control' | 'baseline';
  readonly recent: Share;
  readonly reference: Share;
  /** How likely so much harm would be if nothing had changed. */
  readonly chance: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Somebody has a model's requests go as they came, whatever harm there is, until they are given windows again by hand. */
export interface SafeguardPulledV1 {
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** From here on the model gets its windows again. */
export interface SafeguardLiftedV1 {
  readonly model: string;
  readonly reason: 'by-hand' | 'cool-down';
  /** When it had tripped, milliseconds since the epoch. */
  readonly trippedAtMs: number;
  readonly atMs: number;
}

export type SafeguardEvent =
  | { readonly type: 'safeguard.tripped'; readonly data: SafeguardTrippedV1 }
  | { readonly type: 'safeguard.pulled'; readonly data: SafeguardPulledV1 }
  | { readonly type: 'safeguard.lifted'; readonly data: SafeguardLiftedV1 };

/** Other programs took or gave back memory that runners could have had: decisions go by this from here on. */
export interface MachineMemoryChangedV1 extends MachineMemory {
  /** Of the last minute; null where the system has none. For people: nothing is decided by it. */
  readonly loadAverage: number | null;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface MachineEvent {
  readonly type: 'machine.memory-changed';
  readonly data: MachineMemoryChangedV1;
}

/** A request was never sent, as its model changed its window: nothing was decided. Kept for people, nothing is learnt from it. */
export interface RequestTurnedAwayV1 {
  readonly requestId: string;
  readonly model: string;
  readonly route: InferenceRoute;
  /** `busy`: too many were held already. `gone`: its client left while it was held. */
  readonly why: 'busy' | 'gone';
  /** Milliseconds that it was held. */
  readonly heldMs: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface TurnedAwayEvent {
  readonly type: 'request.turned-away';
  readonly data: RequestTurnedAwayV1;
}

/** Every event of the domain, tagged by its durable name. */
export type DomainEvent =
  TrafficEvent | PolicyEvent | OperatorEvent | SafeguardEvent | TemplateOrder | MachineEvent | TurnedAwayEvent;

/** What requests to models have told. */
export type TrafficEvent =
  | { readonly type: 'request.optimized'; readonly data: RequestOptimizedV1 }
  | { readonly type: 'request.completed'; readonly data: RequestCompletedV1 }
  | TemplateEvent
  | { readonly type: 'runner.reloaded'; readonly data: RunnerReloadedV1 }
  | { readonly type: 'truncation.detected'; readonly data: TruncationDetectedV1 }
  | { readonly type: 'request.refused'; readonly data: RequestRefusedV1 }
  | { readonly type: 'runner.load-failed'; readonly data: RunnerLoadFailedV1 };
