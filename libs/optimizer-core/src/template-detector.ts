import type { TemplateEvent } from './events.js';
import type { Fingerprint } from './request.js';
import type { PromptSketch } from './templates/prompt-sketch.js';
import type { TemplateDefinition } from './templates/template-definition.js';

export interface Detection {
  /** The template the prompt belongs to; null while it has been seen only once. */
  readonly templateId: string | null;
  /** The cluster it was put into, known template or not: what a bench scores. Null when there is nothing to read. */
  readonly clusterId: string | null;
  /** It joined a cluster that existed before. */
  readonly matched: boolean;
  /** What spoke for it: the same text, the same opening, the same static segments. */
  readonly by: 'exact' | 'opening' | 'skeleton' | 'nothing';
  /** Words of the opening or weight of the segments that spoke for it. */
  readonly evidence: number;
  /** What the log must know, in this order, before the request that made it known. */
  readonly events: readonly TemplateEvent[];
}

/** A template that a prompt was compared with. */
export interface TemplateCandidate {
  readonly templateId: string;
  readonly by: 'exact' | 'opening' | 'skeleton';
  /** Words of the opening, or weight of the static segments, that the prompt shares, */
  readonly evidence: number;
  /** and that it must share. */
  readonly needed: number;
  /** Why it is none of the template's by that; null when it could be. */
  readonly rejected: 'shares-too-little' | 'parts-in-another-order' | 'begins-otherwise' | null;
}

/** A template as the log's read model has it. */
export interface KnownTemplate {
  readonly templateId: string;
  readonly model: string;
  readonly definition: TemplateDefinition;
  /** SimHash of the prompt that founded it. */
  readonly fingerprints: readonly Fingerprint[];
  /** When it was detected, milliseconds since the epoch. */
  readonly atMs: number;
  /** The template that it is part of by now. */
  readonly mergedInto: string | null;
  /** It was forgotten to make room. */
  readonly evicted: boolean;
}

/** Online template detection, one pass. Deterministic: the same prompts in the same order give the same ids. */
export interface TemplateDetector {
  /** Memory only, synchronous. `atMs` is milliseconds since the epoch. */
  detect(model: string, sketch: PromptSketch, fingerprints: readonly Fingerprint[], atMs: number): Detection;
  /** The templates that a prompt shares anything with, most first. Changes nothing. */
  candidates(model: string, sketch: PromptSketch): readonly TemplateCandidate[];
  /** Takes up templates that the log knows, at start. */
  restore(templates: Iterable<KnownTemplate>): void;
  /** Its prompts are new ones from here on. False: it does not know such a template. */
  forget(model: string, templateId: string): boolean;
  /** The id that a template goes by today, after merges. */
  resolve(templateId: string): string;
}
