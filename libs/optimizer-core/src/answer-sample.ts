import type { RequestFeatures } from './request.js';
import { slide } from './sliding.js';
import type { AnswerSample } from './statistics.js';

/** What else is known of an answer when it is learnt or asked for: thinking and tools change its length. */
export type AnswerKind = number;

const KIND_OF_THINKING = { unsaid: 0, off: 1, on: 2 } as const;
const TOOLS = 4;

/** The kind of answer that a request asks for, as a small whole number. */
export function answerKind(features: Pick<RequestFeatures, 'think' | 'toolBytes'>): AnswerKind {
  const { think } = features;
  const thinking = think === null ? KIND_OF_THINKING.unsaid : think ? KIND_OF_THINKING.on : KIND_OF_THINKING.off;
  return thinking + (features.toolBytes > 0 ? TOOLS : 0);
}

export interface Answer {
  /** Prompt tokens as the server counted them. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** A limit ended it: it would have been at least this long. */
  readonly cutShort: boolean;
  readonly kind: AnswerKind;
}

export function emptyAnswers(capacity: number): AnswerSample {
  return { capacity, prompts: [], outputs: [], kinds: [], cutShort: [] };
}

/** The sample with one more answer, without its oldest when it was full. */
export function pushAnswer(sample: AnswerSample, answer: Answer): AnswerSample {
  const push = (values: readonly number[], value: number): readonly number[] => slide(values, value, sample.capacity);
  return {
    capacity: sample.capacity,
    prompts: push(sample.prompts, answer.promptTokens),
    outputs: push(sample.outputs, answer.outputTokens),
    kinds: push(sample.kinds, answer.kind),
    cutShort: push(sample.cutShort, answer.cutShort ? 1 : 0),
  };
}
