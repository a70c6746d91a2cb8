import type { TemplateCandidate } from '../template-detector.js';
import { labelsOf, sameOrder, type Boundary, type Cluster, type Core } from './cluster.js';
import { AT_END, AT_START, OVERLAPPING, PART, type PromptSketch } from './prompt-sketch.js';
import { SegmentIndex } from './segment-index.js';
import type { TemplateTuning } from './tuning.js';

/** Clusters that one segment names, the most recent ones; more would make common segments costly. */
const CLUSTERS_PER_SEGMENT = 64;
const SINGLES_PER_SEGMENT = 16;
/** Single prompts that are compared in full. */
const COMPARED = 8;
const BOTH_ENDS = AT_START | AT_END;

export interface SkeletonMatch {
  readonly cluster: Cluster;
  readonly weight: number;
  /** Another cluster whose core is nearly the same. */
  readonly twin: Cluster | null;
}

export interface Founding {
  readonly others: readonly Cluster[];
  /** Segment to weight. */
  readonly segments: ReadonlyMap<number, number>;
  readonly weight: number;
}

/** Finds by their segments the clusters and the single prompts that a prompt is like. */
export class Skeletons {
  readonly #clusters: ReadonlyMap<number, Cluster>;
  readonly #tuning: TemplateTuning;
  readonly #ofClusters = new SegmentIndex(CLUSTERS_PER_SEGMENT);
  readonly #ofSingles = new SegmentIndex(SINGLES_PER_SEGMENT);

  constructor(clusters: ReadonlyMap<number, Cluster>, tuning: TemplateTuning) {
    this.#clusters = clusters;
    this.#tuning = tuning;
  }

  /** Segments that are indexed: what memory grows with. */
  get size(): number {
    return this.#ofClusters.size + this.#ofSingles.size;
  }

  match(sketch: PromptSketch): SkeletonMatch | null {
    let best: Cluster | null = null;
    let most = 0;
    let second: Cluster | null = null;
    const labels = labelsOf(sketch);
    for (const [handle, weight] of this.#ofClusters.shared(sketch)) {
      const cluster = this.#clusters.get(handle);
      if (!cluster?.core || this.#rejection(cluster, cluster.core, sketch, weight, labels) !== null) continue;
      if (weight > most || best === null) {
        second = best;
        best = cluster;
        most = weight;
      } else {
        second = cluster;
      }
    }
    if (best === null) return null;
    return { cluster: best, weight: most, twin: second !== null && this.#twins(best, second) ? second : null };
  }

  /** The clusters that share a static segment with the prompt. */
  candidates(sketch: PromptSketch): readonly TemplateCandidate[] {
    const labels = labelsOf(sketch);
    return [...this.#ofClusters.shared(sketch)].flatMap(([handle, evidence]) => {
      const cluster = this.#clusters.get(handle);
      if (!cluster?.core) return [];
      const rejected = this.#rejection(cluster, cluster.core, sketch, evidence, labels);
      const needed = this.#tuning.share * cluster.core.total;
      return [{ templateId: cluster.id, by: 'skeleton' as const, evidence, needed, rejected }];
    });
  }

  founding(sketch: PromptSketch): Founding | null {
    const { pair, triple, paragraph } = this.#tuning;
    const labels = labelsOf(sketch);
    const near = this.#near(sketch, triple).filter(({ sketch: other }) =>
      sameOrder(labelsOf(other!), labels, () => true),
    );
    const mine = weightsOf(sketch);
    const spoken = (segments: ReadonlyMap<number, number>): boolean => sketch.paragraph && !bothEnds(sketch, segments);
    let best: Founding | null = null;
    for (let i = 0; i < near.length; i++) {
      const two = common(mine, near[i]!.sketch!);
      for (let j = i + 1; j < near.length; j++) {
        const three = common(two, near[j]!.sketch!);
        const weight = sum(three);
        if (weight < (spoken(three) ? paragraph : triple) || (best !== null && weight <= best.weight)) continue;
        best = { others: [near[i]!, near[j]!], segments: three, weight };
      }
      const weight = sum(two);
      if (best === null && i === 0 && weight >= (spoken(two) ? paragraph : pair)) {
        best = { others: [near[0]!], segments: two, weight };
      }
    }
    return best;
  }

  addSingle(cluster: Cluster, sketch: PromptSketch): void {
    cluster.sketch = sketch;
    for (const key of sketch.segments) this.#ofSingles.add(key, cluster.handle);
  }

  removeSingle(cluster: Cluster): void {
    for (const key of cluster.sketch?.segments ?? []) this.#ofSingles.remove(key, cluster.handle);
    cluster.sketch = null;
  }

  give(cluster: Cluster, core: Core): void {
    cluster.core = core;
    cluster.changed = true;
    for (const key of core.weights.keys()) this.#ofClusters.add(key, cluster.handle);
  }

  /** Counts a member in; gives the segments of a child that splits off, if one does. */
  join(cluster: Cluster, sketch: PromptSketch): ReadonlyMap<number, number> | null {
    const { core } = cluster;
    if (core === null) return null;
    for (const key of core.join(sketch)) {
      this.#ofClusters.remove(key, cluster.handle);
      cluster.changed = true;
    }
    return this.#child(core, sketch);
  }

  /** Much static text and no common opening: what a few members begin with is the value of a slot near the top. */
  standsAlone({ boundary, core }: Cluster): boolean {
    return boundary === null && core !== null && core.total >= this.#tuning.standsAlone;
  }

  remove(cluster: Cluster): void {
    for (const key of cluster.core?.weights.keys() ?? []) this.#ofClusters.remove(key, cluster.handle);
    this.removeSingle(cluster);
  }

  #rejection(
    { boundary }: Cluster,
    core: Core,
    sketch: PromptSketch,
    weight: number,
    labels: readonly number[],
  ): TemplateCandidate['rejected'] {
    if (weight < this.#tuning.share * core.total) return 'shares-too-little';
    if (boundary !== null && weight <= boundary.depth && !passes(sketch, boundary)) return 'begins-otherwise';
    return core.agreesWith(labels) ? null : 'parts-in-another-order';
  }

  #near(sketch: PromptSketch, least: number): readonly Cluster[] {
    const near = [...this.#ofSingles.shared(sketch)].filter(([, weight]) => weight >= least);
    return near
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, COMPARED)
      .flatMap(([handle]) => {
        const cluster = this.#clusters.get(handle);
        return cluster === undefined || cluster.sketch === null ? [] : [cluster];
      });
  }

  /** What keeps coming beyond the core: in many of the members, or much of it, in whatever part of them. */
  #child(core: Core, sketch: PromptSketch): ReadonlyMap<number, number> | null {
    const { childMembers, childShare, childWeight, childRelative, kinHits, kinWeight, kinRelative } = this.#tuning;
    const often =
      core.members < childMembers
        ? null
        : beyond(
            core,
            sketch,
            Math.max(2, core.members * childShare),
            Math.max(childWeight, childRelative * core.total),
          );
    const keys = often ?? beyond(core, sketch, kinHits, Math.max(kinWeight, kinRelative * core.total));
    for (const key of keys?.keys() ?? []) core.extras.delete(key);
    return keys;
  }

  #twins(a: Cluster, b: Cluster): boolean {
    if (a.boundary !== null && b.boundary !== null) return false;
    if (!a.core!.agreesWith(b.core!.labels)) return false;
    return a.core!.sharedWith(b.core!) >= this.#tuning.twin * Math.max(a.core!.total, b.core!.total);
  }
}

/** The core and the segments beyond it that the prompt has too and that came so often; null when they weigh less. */
function beyond(
  core: Core,
  { segments, sides }: PromptSketch,
  hits: number,
  least: number,
): ReadonlyMap<number, number> | null {
  const more = new Map<number, number>();
  let weight = 0;
  for (let from = 0, to = 0; from < segments.length; from = to) {
    let added = 0;
    let known = false;
    do {
      const key = segments[to]!;
      const extra = core.extras.get(key);
      if (core.weights.has(key)) known = true;
      // The prompt itself is counted already.
      else if (extra !== undefined && extra.hits >= hits) {
        more.set(key, extra.weight);
        added += extra.weight;
      }
      to++;
    } while (to < segments.length && (sides[to]! & PART) !== 0);
    // A part of it is in the core already: this is a slot in one line, with a few words around it.
    if (!known || (sides[from]! & OVERLAPPING) === 0) weight += added;
  }
  return weight < least ? null : new Map([...core.weights, ...more]);
}

function passes({ nodes }: PromptSketch, { key }: Boundary): boolean {
  return nodes.includes(key);
}

function bothEnds({ segments, sides }: PromptSketch, shared: ReadonlyMap<number, number>): boolean {
  let found = 0;
  for (let i = 0; i < segments.length; i++) if (shared.has(segments[i]!)) found |= sides[i]! & BOTH_ENDS;
  return found === BOTH_ENDS;
}

function weightsOf({ segments, weights }: PromptSketch): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  for (let i = 0; i < segments.length; i++) map.set(segments[i]!, weights[i]!);
  return map;
}

function common(mine: ReadonlyMap<number, number>, { segments }: PromptSketch): ReadonlyMap<number, number> {
  const shared = new Map<number, number>();
  for (const key of segments) {
    const weight = mine.get(key);
    if (weight !== undefined) shared.set(key, weight);
  }
  return shared;
}

function sum(segments: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const weight of segments.values()) total += weight;
  return total;
}
