import type { TemplateEvent } from '../events.js';
import type { Fingerprint } from '../request.js';
import type { Detection, KnownTemplate, TemplateCandidate, TemplateDetector } from '../template-detector.js';
import { definitionOf } from './cluster.js';
import { ModelTemplates } from './model-templates.js';
import type { Bounds, Placement } from './placement.js';
import type { PromptSketch } from './prompt-sketch.js';
import { DEFAULT_TUNING, type TemplateTuning } from './tuning.js';

export interface TemplateDetectorOptions {
  /**
   * Prompts seen once that are remembered per model, in case a second one comes.
   * @default 5000
   */
  readonly singlesPerModel?: number;
  /**
   * Templates remembered per model; the least useful goes first.
   * @default 100000
   */
  readonly templatesPerModel?: number;
  /**
   * Models remembered: their names come from clients.
   * @default 64
   */
  readonly models?: number;
  /**
   * Nodes of openings remembered per model, 16 bytes each; a power of two.
   * @default 262144
   */
  readonly nodesPerModel?: number;
  readonly tuning?: Partial<TemplateTuning>;
}

/** Old ids that still lead to their template. */
const ALIASES = 10_000;
/** A template that was merged may be merged again; never so often in a row. */
const ALIAS_HOPS = 8;

const ALONE: Detection = Object.freeze({
  templateId: null,
  clusterId: null,
  matched: false,
  by: 'nothing',
  evidence: 0,
  events: [],
});

/** Detection by openings and by skeletons: docs/decisions/template-detection.md says how and how well. */
export function createTemplateDetector(options: TemplateDetectorOptions = {}): TemplateDetector {
  return new LayeredDetector(options);
}

class LayeredDetector implements TemplateDetector {
  readonly #models = new Map<string, ModelTemplates>();
  readonly #aliases = new Map<string, string>();
  readonly #bounds: Bounds;
  readonly #maxModels: number;

  constructor(options: TemplateDetectorOptions) {
    this.#maxModels = options.models ?? 64;
    this.#bounds = {
      singles: options.singlesPerModel ?? 5_000,
      templates: options.templatesPerModel ?? 100_000,
      nodes: options.nodesPerModel ?? 262_144,
      tuning: { ...DEFAULT_TUNING, ...options.tuning },
    };
  }

  detect(model: string, sketch: PromptSketch, fingerprints: readonly Fingerprint[], atMs: number): Detection {
    if (sketch.segments.length === 0 && sketch.nodes.length === 0) return ALONE;
    const templates = this.#of(model);
    const placement = templates.place(sketch, fingerprints);
    const { cluster, matched, by, evidence } = placement;
    const events = this.#eventsOf(model, placement, atMs);
    const evicted = templates.evict();
    if (evicted !== null) {
      events.push({ type: 'template.evicted', data: { templateId: evicted.id, model, uses: evicted.members, atMs } });
    }
    const templateId = cluster.known ? cluster.id : null;
    return { templateId, clusterId: cluster.id, matched, by, evidence, events };
  }

  candidates(model: string, sketch: PromptSketch): readonly TemplateCandidate[] {
    return this.#models.get(model)?.candidates(sketch) ?? [];
  }

  restore(templates: Iterable<KnownTemplate>): void {
    const kept = [...templates].toSorted((a, b) => a.atMs - b.atMs || (a.templateId < b.templateId ? -1 : 1));
    for (const { templateId, model, definition, fingerprints, mergedInto, evicted } of kept) {
      if (mergedInto !== null) this.#alias(templateId, mergedInto);
      else if (!evicted) this.#of(model).restore(templateId, definition, fingerprints);
    }
  }

  forget(model: string, templateId: string): boolean {
    return this.#models.get(model)?.forget(templateId) ?? false;
  }

  resolve(templateId: string): string {
    let id = templateId;
    for (let hops = 0; hops < ALIAS_HOPS; hops++) id = this.#aliases.get(id) ?? id;
    return id;
  }

  #eventsOf(model: string, { cluster, parent, merged }: Placement, atMs: number): TemplateEvent[] {
    if (cluster.sketch !== null) return [];
    const events: TemplateEvent[] = [];
    const touched = new Set([merged?.survivor, parent, cluster].filter((one) => one != null));
    for (const one of touched) {
      if (one.known && !one.changed) continue;
      const data = { templateId: one.id, model, definition: definitionOf(one), fingerprints: one.fingerprints, atMs };
      if (one === cluster && parent !== null) {
        events.push({ type: 'template.split', data: { ...data, parentId: parent.id } });
      } else {
        events.push({ type: 'template.detected', data });
      }
      one.known = true;
      one.changed = false;
    }
    if (merged !== null) {
      const { survivor, absorbed } = merged;
      this.#alias(absorbed.id, survivor.id);
      events.push({
        type: 'templates.merged',
        data: { templateId: absorbed.id, survivorId: survivor.id, model, atMs },
      });
    }
    return events;
  }

  #alias(old: string, survivor: string): void {
    if (old === survivor) return;
    this.#aliases.set(old, survivor);
    if (this.#aliases.size > ALIASES) this.#aliases.delete(this.#aliases.keys().next().value!);
  }

  #of(model: string): ModelTemplates {
    const templates = this.#models.get(model) ?? new ModelTemplates(model, this.#bounds);
    // Maps keep the order of insertion: put back at the end, the first is the one unused for longest.
    this.#models.delete(model);
    this.#models.set(model, templates);
    if (this.#models.size > this.#maxModels) this.#models.delete(this.#models.keys().next().value!);
    return templates;
  }
}
