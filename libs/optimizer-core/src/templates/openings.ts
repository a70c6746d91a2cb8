import type { TemplateCandidate } from '../template-detector.js';
import type { Boundary, Cluster } from './cluster.js';
import { NodeTable } from './node-table.js';
import type { PromptSketch } from './prompt-sketch.js';
import type { TemplateTuning } from './tuning.js';

/** Share of the members above which a node is passed by nearly all. */
const MOST_PASS = 0.83;

export type OpeningMatch =
  /** The prompt passes the boundary of a cluster. */
  | { readonly kind: 'member'; readonly cluster: Cluster; readonly words: number }
  /** It shares more with some members than the cluster has in common: a template within, or beside. */
  | { readonly kind: 'fork'; readonly cluster: Cluster; readonly words: number; readonly boundary: Boundary }
  /** It shares the opening of a cluster whose boundary lies deeper or nowhere. Not `sure`: only if more speaks for it. */
  | {
      readonly kind: 'move';
      readonly cluster: Cluster;
      readonly words: number;
      readonly boundary: Boundary;
      readonly sure: boolean;
    }
  /** It shares its opening with one earlier prompt. */
  | { readonly kind: 'found'; readonly cluster: Cluster; readonly words: number; readonly boundary: Boundary };

/** Finds by its opening the cluster of a prompt: prefix nodes and who passed there last. */
export class Openings {
  readonly #clusters: ReadonlyMap<number, Cluster>;
  readonly #tuning: TemplateTuning;
  readonly #nodes: NodeTable;
  readonly #boundaries = new Map<number, number>();

  constructor(clusters: ReadonlyMap<number, Cluster>, tuning: TemplateTuning, capacity: number) {
    this.#clusters = clusters;
    this.#tuning = tuning;
    this.#nodes = new NodeTable(capacity);
  }

  get nodes(): number {
    return this.#nodes.size;
  }

  match(sketch: PromptSketch): OpeningMatch | null {
    const { met, deepest } = this.#walk(sketch);
    if (deepest < 0) return null;
    const words = sketch.depths[deepest]!;
    const boundary = { key: sketch.nodes[deepest]!, depth: words };
    const owner = met < 0 ? undefined : this.#clusters.get(this.#boundaries.get(sketch.nodes[met]!)!);
    const known = met < 0 ? 0 : sketch.depths[met]!;
    const member = owner === undefined ? null : ({ kind: 'member', cluster: owner, words: known } as const);
    if (owner !== undefined) {
      const fork = this.#fork(sketch, owner, met);
      if (fork !== null) return fork;
    }
    if (member !== null && words - known < this.#tuning.beyond) return member;
    const last = this.#clusters.get(this.#nodes.get(boundary.key));
    if (last === undefined) return member;
    if (last.sketch !== null) return { kind: 'found', cluster: last, words, boundary };
    if (last === owner) return member;
    return this.#shared(last, boundary, sketch.nodes[0]!, member === null) ?? member;
  }

  /** Whose boundaries the prompt passes. */
  candidates({ nodes, depths }: PromptSketch): readonly TemplateCandidate[] {
    return [...nodes].flatMap((key, i) => {
      const owner = this.#clusters.get(this.#boundaries.get(key) ?? 0);
      const words = depths[i]!;
      return owner === undefined
        ? []
        : [{ templateId: owner.id, by: 'opening' as const, evidence: words, needed: words, rejected: null }];
    });
  }

  pass({ nodes }: PromptSketch, cluster: Cluster): void {
    for (let i = 0; i < nodes.length; i++) this.#nodes.set(nodes[i]!, cluster.handle);
  }

  bound(cluster: Cluster, boundary: Boundary): void {
    this.remove(cluster);
    cluster.boundary = boundary;
    cluster.changed = true;
    this.#boundaries.set(boundary.key, cluster.handle);
  }

  remove(cluster: Cluster): void {
    const key = cluster.boundary?.key;
    if (key !== undefined && this.#boundaries.get(key) === cluster.handle) this.#boundaries.delete(key);
  }

  /** The deepest boundary and the deepest node that are known. */
  #walk({ nodes }: PromptSketch): { met: number; deepest: number } {
    let deepest = -1;
    let met = -1;
    for (let i = 0; i < nodes.length; i++) {
      const bounded = this.#boundaries.has(nodes[i]!);
      if (bounded) met = i;
      if (bounded || this.#nodes.get(nodes[i]!) !== 0) deepest = i;
    }
    return { met, deepest };
  }

  /** Beyond what nearly all members share, the deepest node that so many of them have passed that a static text goes on there. */
  #fork({ nodes, depths }: PromptSketch, owner: Cluster, met: number): OpeningMatch | null {
    const { forkWords, forkHits, forkShare, forkRelative } = this.#tuning;
    const hits = Math.max(forkHits, forkShare * owner.members);
    let trunk = depths[met]!;
    let fork = -1;
    for (let i = met + 1; i < nodes.length; i++) {
      const passes = this.#nodes.get(nodes[i]!) === owner.handle ? this.#nodes.passes(nodes[i]!) : 0;
      if (passes > MOST_PASS * owner.members) trunk = depths[i]!;
      else if (passes >= hits) fork = i;
    }
    if (fork < 0 || depths[fork]! < trunk + Math.max(forkWords, forkRelative * trunk)) return null;
    return {
      kind: 'fork',
      cluster: owner,
      words: depths[fork]!,
      boundary: { key: nodes[fork]!, depth: depths[fork]! },
    };
  }

  #shared(last: Cluster, boundary: Boundary, start: number, free: boolean): OpeningMatch | null {
    const words = boundary.depth;
    if (last.boundary === null) {
      const common = last.start === start;
      return common
        ? { kind: 'move', cluster: last, words, boundary, sure: true }
        : { kind: 'fork', cluster: last, words, boundary };
    }
    if (last.boundary.depth <= words) return { kind: 'fork', cluster: last, words, boundary };
    const young = last.members <= this.#tuning.young;
    if (words * 2 < last.boundary.depth || !(free || young)) return null;
    return { kind: 'move', cluster: last, words, boundary, sure: young };
  }
}
