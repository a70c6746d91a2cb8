import {
  createFingerprinter,
  createSketcher,
  createTemplateDetector,
  extractFeatures,
  type InferenceRequest,
  type TemplateDetectorOptions,
} from '@rightsize/optimizer-core';

import type { CorpusPrompt } from './templates-corpus.js';

/** One line of what a scorer reads. */
export interface Scored {
  readonly template_id: string;
  readonly cluster_id: string | null;
  readonly matched: boolean;
  /** Sketch, fingerprints and look-up, milliseconds. */
  readonly ms: number;
  readonly kind: string;
  readonly unique: boolean;
}

export const MODEL = 'bench';
const NS_PER_MS = 1e6;
/** Any fixed secret will do: figures must not depend on it, and a fixed one makes runs comparable. */
export const SECRET = 'bench';

/** Detects over a stream of prompts, online, in one pass. The features are not timed: they are taken anyhow. */
export function detectAll(prompts: readonly CorpusPrompt[], options: TemplateDetectorOptions = {}): readonly Scored[] {
  const fingerprinter = createFingerprinter(SECRET);
  const sketcher = createSketcher(SECRET);
  const detector = createTemplateDetector(options);
  return prompts.map((prompt, index) => {
    const request = requestOf(prompt);
    const { fingerprints } = extractFeatures(request, fingerprinter);
    const started = process.hrtime.bigint();
    const { clusterId, matched } = detector.detect(MODEL, sketcher.sketch(request), fingerprints, index);
    const ms = Number(process.hrtime.bigint() - started) / NS_PER_MS;
    return {
      template_id: prompt.templateId,
      cluster_id: clusterId,
      matched,
      ms: Number(ms.toFixed(4)),
      kind: prompt.kind,
      unique: prompt.unique,
    };
  });
}

function requestOf(prompt: CorpusPrompt): InferenceRequest {
  const route = prompt.segments[0]?.role === 'prompt' ? 'generate' : 'chat';
  return {
    route,
    model: MODEL,
    segments: prompt.segments,
    tools: '',
    imageCount: 0,
    numPredict: null,
    numCtx: null,
    stream: true,
    preload: false,
    unload: false,
    think: null,
  };
}
