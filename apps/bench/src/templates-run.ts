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
  /** Sketch and look-up, milliseconds. */
  readonly ms: number;
  readonly kind: string;
  readonly unique: boolean;
}

export const MODEL = 'bench';
const NS_PER_MS = 1e6;
/** A sketch is timed so often, and its least time counts: what else runs on the machine is not its cost. */
const SKETCHES = 3;
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
    const sketched = Math.min(...Array.from({ length: SKETCHES }, () => timed(() => sketcher.sketch(request)).ms));
    const sketch = sketcher.sketch(request);
    const { value, ms: detected } = timed(() => detector.detect(MODEL, sketch, fingerprints, index));
    const { clusterId, matched } = value;
    const ms = sketched + detected;
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

function timed<T>(work: () => T): { value: T; ms: number } {
  const started = process.hrtime.bigint();
  const value = work();
  return { value, ms: Number(process.hrtime.bigint() - started) / NS_PER_MS };
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
