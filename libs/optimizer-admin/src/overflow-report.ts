import type { DomainEvent } from '@rightsize/optimizer-core';

/** Whose prompts did not fit their window. Tokens. */
export interface OverflowLine {
  readonly model: string;
  readonly templateId: string | null;
  /** The server said so and nothing was lost: the request was sent again, or its caller had wanted the refusal. */
  readonly refusals: number;
  /** The server dropped a part of the prompt. */
  readonly cuts: number;
  /** The answer outgrew its window, and the oldest part was dropped. */
  readonly shifts: number;
  /** The largest prompt that was counted or, where it was cut, estimated. */
  readonly largestPromptTokens: number;
  /** The window that this one met. */
  readonly window: number;
  readonly overBy: number;
  /** What would have held it, rounded up as the server does. */
  readonly wouldHave: number;
}

const STEP = 256;

export class OverflowReport {
  readonly #lines = new Map<string, OverflowLine>();

  add(event: DomainEvent): void {
    if (event.type === 'request.refused') {
      const { promptTokens, rawEstimate, window } = event.data;
      this.#note(event.data, { refusals: 1 }, promptTokens ?? rawEstimate, window);
    } else if (event.type === 'truncation.detected') {
      const { kind, promptTokens, outputTokens, promptEstimate, window } = event.data;
      const isCut = kind === 'prompt-cut';
      // What was cut was not counted: the estimate of the whole is the best there is.
      const tokens = isCut ? Math.max(promptTokens, promptEstimate) : promptTokens + outputTokens;
      this.#note(event.data, isCut ? { cuts: 1 } : { shifts: 1 }, tokens, window);
    }
  }

  /** What overflowed most, first. */
  lines(): readonly OverflowLine[] {
    return [...this.#lines.values()].toSorted((a, b) => b.overBy - a.overBy);
  }

  #note(
    { model, templateId }: Pick<OverflowLine, 'model' | 'templateId'>,
    added: Partial<Record<'refusals' | 'cuts' | 'shifts', number>>,
    needed: number,
    window: number,
  ): void {
    const key = JSON.stringify([model, templateId]);
    const nothing = {
      model,
      templateId,
      refusals: 0,
      cuts: 0,
      shifts: 0,
      largestPromptTokens: 0,
      window: 0,
      overBy: 0,
      wouldHave: 0,
    };
    const line = this.#lines.get(key) ?? nothing;
    const tokens = Math.ceil(needed);
    const worst =
      tokens > line.largestPromptTokens
        ? {
            largestPromptTokens: tokens,
            window,
            overBy: Math.max(0, tokens - window),
            wouldHave: Math.ceil((tokens + 1) / STEP) * STEP,
          }
        : {};
    const counted = {
      refusals: line.refusals + (added.refusals ?? 0),
      cuts: line.cuts + (added.cuts ?? 0),
      shifts: line.shifts + (added.shifts ?? 0),
    };
    this.#lines.set(key, { ...line, ...counted, ...worst });
  }
}
