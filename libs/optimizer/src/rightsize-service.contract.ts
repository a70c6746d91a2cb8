import type { InferenceDialect } from '@rightsize/ollama';
import type { Decision, InferenceRoute } from '@rightsize/optimizer-core';
import type { ServerTraits } from './backend.js';

/** What a proxy knows of a request before it goes upstream. */
export interface OptimizeInput {
  readonly route: InferenceRoute;
  /** In whose words body and answer are. OpenAI's cannot carry a window: such requests are watched. @default 'native' */
  readonly dialect?: InferenceDialect;
  /** The body as received, after the transfer encoding was removed. Never modified. */
  readonly body: Buffer;
  /** Who asks, for statistics and per-client rules; null when unknown. */
  readonly client: string | null;
  /** The caller asked to be left alone (`x-rightsize: off`). */
  readonly skip: boolean;
  /** The caller asked for it (`/opt`): whatever the mode is, it is optimized. Absent: as the mode says. */
  readonly force?: boolean;
  /** Aborted when the client leaves: a request that is held back leaves the queue then. Absent: nobody can tell. */
  readonly signal?: AbortSignal;
}

/** How the exchange with the upstream ended. */
export type ExchangeEnd = 'complete' | 'client-aborted' | 'upstream-failed';

/**
 * Is shown the upstream's answer while it streams to the client. No method throws, none keeps a
 * reference to a chunk beyond the unfinished line it ends with.
 */
export interface ExchangeObserver {
  head(status: number, contentType: string | null): void;
  chunk(bytes: Buffer): void;
  /** Once, at the end, however it came. */
  end(how: ExchangeEnd): void;
}

export interface Optimized {
  readonly requestId: string;
  /** What was decided, and why; absent or null: nothing was, the request goes as it came. */
  readonly decision?: Decision | null;
  /** What to send upstream: the very buffer that came in when nothing is imposed. */
  readonly body: Buffer;
  /** `x-rightsize-*` headers for the response. */
  readonly headers: Readonly<Record<string, string>>;
  readonly observer: ExchangeObserver;
  /** Absent or null: ask the server. Else the proxy itself answers with this text, and nothing is sent. */
  readonly reply?: string | null;
  /** Absent or null: send it. Else nothing is to be sent, and the client is told so. */
  readonly refusal?: { readonly status: number; readonly message: string } | null;
  /**
   * Null: every answer is the client's. Else an answer with status 400 or 500 is to be held back and shown
   * here first, its body bounded by the proxy: the server may have refused what it was told not to
   * cut. Resolves with what to send instead, or with null when the answer is the client's after all.
   * Never rejects.
   */
  readonly reconsider: ((status: number, body: Buffer) => Promise<Optimized | null>) | null;
  /**
   * For a proxy that sends the request to a route in another vendor's dialect, in a window of its own, tokens, where the server
   * cuts what is too long: what to show that answer to instead of `observer`. Absent: there is nothing to be learnt.
   */
  readonly observerIn?: (window: number) => ExchangeObserver;
}

/** An answer of the server that was read whole. */
export interface WholeAnswer {
  /** HTTP status. */
  readonly status: number;
  /** As it came, lines of a stream included, or parsed. */
  readonly body: Buffer | string | object;
}

/** One recent decision, metadata only. */
export interface DecisionSummary {
  readonly id: string;
  readonly atMs: number;
  readonly model: string;
  readonly route: InferenceRoute;
  readonly client: string | null;
  readonly rule: string;
  readonly numCtx: number | null;
  readonly imposed: boolean;
  readonly templateId: string | null;
  readonly need: number;
  readonly loadedWindow: number | null;
  readonly outcome: {
    readonly status: number;
    readonly promptTokens: number | null;
    readonly outputTokens: number | null;
    readonly taints: readonly string[];
  } | null;
}

export interface HealthReport {
  readonly status: 'ready' | 'degraded' | 'starting';
  /** Why it is degraded, in words for people; empty when ready. */
  readonly reasons: readonly string[];
  readonly mode: string;
  readonly log: {
    readonly position: number;
    readonly queued: number;
    readonly lag: number;
    /** Decisions that were not recorded because the disk was slower than the traffic. */
    readonly droppedDecisions: number;
    /** Other events that could not be recorded. */
    readonly lost: number;
    /** Where each read model stands. */
    readonly projections: readonly {
      readonly name: string;
      readonly version: number;
      readonly position: number;
      readonly lag: number;
      readonly state: string;
      /** Position of an event that it cannot fold and waits at. */
      readonly parkedAt: number | null;
    }[];
  };
}

/** The door through which a proxy uses the optimizer. Fail open: no method throws or rejects. */
export interface RightsizeDoor {
  /** What is behind, as far as is known. */
  readonly server: ServerTraits;
  /** Null when that is known; else resolves when it was asked, or a look's time is over. */
  identify(): Promise<unknown> | null;
  optimize(input: OptimizeInput): Promise<Optimized>;
  /** A request that may change the runner without carrying options passed by (`/v1/*`, `/api/create`, …). */
  noticeForeign(path: string): void;
  health(): HealthReport;
  /** Most recent first. */
  decisions(limit: number): readonly DecisionSummary[];
}
