import { Query } from '@nestjs/cqrs';
import type {
  ModelFacts,
  ModelStatistics,
  OperatingMode,
  RunnerView,
  SizingKnowledge,
  TemplateStatistics,
} from '@rightsize/optimizer-core';

/** Everything the policy may look at besides the request itself. A snapshot: its parts never change. */
export interface SizingView {
  readonly runner: RunnerView | null;
  readonly facts: ModelFacts | null;
  readonly modelStatistics: ModelStatistics | null;
  readonly templateStatistics: TemplateStatistics | null;
  readonly memoryWindow: number | null;
  /** Null while nothing was learnt to price windows with. */
  readonly sizing: SizingKnowledge | null;
}

/** Answered from memory. */
export class GetSizingView extends Query<SizingView> {
  constructor(
    /** Normalised name. */
    readonly model: string,
    readonly templateId: string | null,
    /** Keyed name of the conversation. */
    readonly conversation: string | null,
    /** In force for the request. */
    readonly mode: OperatingMode,
    /** False: nothing will be sent with it, the need alone is asked for. */
    readonly isPriced = true,
  ) {
    super();
  }
}
