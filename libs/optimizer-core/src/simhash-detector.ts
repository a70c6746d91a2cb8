import type { TemplateDetectedV1 } from './events.js';
import { depthOf, FingerprintTable } from './fingerprint-table.js';
import { hashText, toHex } from './keyed-hash.js';
import type { Fingerprint } from './request.js';
import type { Detection, TemplateDetector } from './template-detector.js';

export interface TemplateDetectorOptions {
  /**
   * Prompts seen once that are remembered per model, in case a second one comes.
   * @default 20000
   */
  readonly singlesPerModel?: number;
  /**
   * Templates remembered per model; the one unused for longest goes first.
   * @default 100000
   */
  readonly templatesPerModel?: number;
  /**
   * Models remembered: their names come from clients.
   * @default 256
   */
  readonly models?: number;
}

/**
 * First form: prompts belong together when their leading tokens hash to nearly the same bits at the
 * deepest resolution where any are near. Finds what begins with a long static text, and that only.
 */
export function createTemplateDetector(options: TemplateDetectorOptions = {}): TemplateDetector {
  return new SimhashDetector(options);
}

interface Cluster {
  readonly id: string;
  readonly row: number;
}

const ALONE: Detection = Object.freeze({ templateId: null, clusterId: null, matched: false, detected: null });

class SimhashDetector implements TemplateDetector {
  readonly #models = new Map<string, ModelClusters>();
  readonly #options: TemplateDetectorOptions;

  constructor(options: TemplateDetectorOptions) {
    this.#options = options;
  }

  detect(model: string, fingerprints: readonly Fingerprint[], atMs: number): Detection {
    const depth = depthOf(fingerprints);
    return depth === 0 ? ALONE : this.#clusters(model).detect(fingerprints.slice(0, depth), atMs);
  }

  restore(templates: Iterable<TemplateDetectedV1>): void {
    for (const template of templates) {
      if (depthOf(template.fingerprints) > 0) this.#clusters(template.model).restore(template);
    }
  }

  #clusters(model: string): ModelClusters {
    const known = this.#models.get(model);
    const clusters = known ?? new ModelClusters(model, this.#options);
    // Maps keep the order of insertion: put back at the end, the first is the one unused for longest.
    this.#models.delete(model);
    this.#models.set(model, clusters);
    if (this.#models.size > (this.#options.models ?? 256)) this.#models.delete(firstOf(this.#models.keys()));
    return clusters;
  }
}

class ModelClusters {
  readonly #model: string;
  readonly #maxSingles: number;
  readonly #maxTemplates: number;
  readonly #table: FingerprintTable;
  /** By row, in order of last use. */
  readonly #singles = new Map<number, Cluster & { readonly fingerprints: readonly Fingerprint[] }>();
  readonly #templates = new Map<number, Cluster>();
  readonly #templateIds = new Set<string>();

  constructor(model: string, options: TemplateDetectorOptions) {
    this.#model = model;
    this.#maxSingles = options.singlesPerModel ?? 20_000;
    this.#maxTemplates = options.templatesPerModel ?? 100_000;
    this.#table = new FingerprintTable(this.#maxSingles + this.#maxTemplates + 1);
  }

  detect(fingerprints: readonly Fingerprint[], atMs: number): Detection {
    const row = this.#table.nearest(fingerprints);
    if (row < 0) return this.#found(fingerprints);
    const template = this.#templates.get(row);
    if (template !== undefined) {
      this.#templates.delete(row);
      this.#templates.set(row, template);
      return { templateId: template.id, clusterId: template.id, matched: true, detected: null };
    }
    return this.#promote(row, atMs);
  }

  restore(template: TemplateDetectedV1): void {
    if (this.#templateIds.has(template.templateId)) return;
    const row = this.#table.add(template.fingerprints);
    this.#keep(row, { id: template.templateId, row });
  }

  #found(fingerprints: readonly Fingerprint[]): Detection {
    const row = this.#table.add(fingerprints);
    const id = this.#idOf(fingerprints);
    this.#singles.set(row, { id, row, fingerprints });
    if (this.#singles.size > this.#maxSingles) this.#evict(this.#singles);
    return { templateId: null, clusterId: id, matched: false, detected: null };
  }

  #promote(row: number, atMs: number): Detection {
    const { id, fingerprints } = this.#singles.get(row)!;
    this.#singles.delete(row);
    this.#keep(row, { id, row });
    return {
      templateId: id,
      clusterId: id,
      matched: true,
      detected: { templateId: id, model: this.#model, fingerprints, atMs },
    };
  }

  #keep(row: number, cluster: Cluster): void {
    this.#templates.set(row, cluster);
    this.#templateIds.add(cluster.id);
    if (this.#templates.size > this.#maxTemplates) this.#evict(this.#templates);
  }

  #evict(clusters: Map<number, Cluster>): void {
    const [row, { id }] = firstOf(clusters.entries());
    clusters.delete(row);
    this.#templateIds.delete(id);
    this.#table.remove(row);
  }

  /** The same model and founder give the same id, in every run: fingerprints are keyed already. */
  #idOf(fingerprints: readonly Fingerprint[]): string {
    const text = [this.#model, ...fingerprints.map(({ hash }) => hash)].join('\n');
    return `t-${toHex(hashText(text, { high: 0, low: 0 }))}`;
  }
}

function firstOf<T>(values: Iterator<T>): T {
  return values.next().value as T;
}
