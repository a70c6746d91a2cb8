import type { InferenceRoute } from '@rightsize/optimizer-core';
import { FinalChunkTap } from './final-chunk-tap.js';
import type { TapEnding } from './final-chunk.js';
import { readInferenceBody, type ReadBody } from './inference-body.js';
import { OpenAiAnswerTap } from './openai/openai-answer-tap.js';
import { readOpenAiBody } from './openai/openai-body.js';

/** Watches the bytes of an answer go by. */
export interface AnswerTap {
  push(chunk: Buffer): void;
  readonly ending: TapEnding;
}

/** In whose words a request to a model and its answer are. */
export type InferenceDialect = 'native' | 'openai';

/** How requests in a dialect are read, and their answers. */
export interface InferenceWire {
  /** A body can carry a window. */
  readonly carriesWindow: boolean;
  read(route: InferenceRoute, body: Buffer): ReadBody;
  tap(): AnswerTap;
}

export const INFERENCE_WIRES: Readonly<Record<InferenceDialect, InferenceWire>> = {
  native: { carriesWindow: true, read: readInferenceBody, tap: () => new FinalChunkTap() },
  openai: { carriesWindow: false, read: readOpenAiBody, tap: () => new OpenAiAnswerTap() },
};
