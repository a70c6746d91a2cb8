import type { TemplateDetectedV1 } from './events.js';
import type { Fingerprint } from './request.js';

export interface Detection {
  /** The template the prompt belongs to; null while it has been seen only once. */
  readonly templateId: string | null;
  /** The cluster it was put into, known template or not: what a bench scores. Null when it is too short for any. */
  readonly clusterId: string | null;
  /** It joined a cluster that existed before. */
  readonly matched: boolean;
  /** Set when this prompt is the second of its kind: to be appended to the log. */
  readonly detected: TemplateDetectedV1 | null;
}

/** Online template detection, one pass. Deterministic: the same prompts in the same order give the same ids. */
export interface TemplateDetector {
  /** Memory only, synchronous. `atMs` is milliseconds since the epoch. */
  detect(model: string, fingerprints: readonly Fingerprint[], atMs: number): Detection;
  /** Takes up templates that the log knows, at start. */
  restore(templates: Iterable<TemplateDetectedV1>): void;
}
