import { hashText, toHex } from '../keyed-hash.js';
import type { Fingerprint } from '../request.js';
import type { TemplateCandidate } from '../template-detector.js';
import { Core, coreOf, labelsOf, type Boundary, type Cluster } from './cluster.js';
import { Openings, type OpeningMatch } from './openings.js';
import { NOWHERE, type Bounds, type Merge, type Placement } from './placement.js';
import type { PromptSketch } from './prompt-sketch.js';
import { Skeletons, type Founding } from './skeletons.js';
import { keyOfHex, type TemplateDefinition } from './template-definition.js';

/** Exact texts remembered for each single prompt or template that may be. */
const EXACT_PER_CLUSTER = 2;
/** Of so many that are unused for longest, the one with the fewest members goes. */
const EVICTION_SAMPLE = 16;

/** The clusters of one model, single prompts among them. Every look-up is bounded, and so is what is kept. */
export class ModelTemplates {
  readonly #model: string;
  readonly #bounds: Bounds;
  /** By handle; handles of absorbed clusters lead to who absorbed them. */
  readonly #clusters = new Map<number, Cluster>();
  /** In order of last use. */
  readonly #singles = new Map<number, Cluster>();
  readonly #templates = new Map<number, Cluster>();
  readonly #exact = new Map<number, number>();
  readonly #openings: Openings;
  readonly #skeletons: Skeletons;
  #handles = 0;

  constructor(model: string, bounds: Bounds) {
    this.#model = model;
    this.#bounds = bounds;
    this.#openings = new Openings(this.#clusters, bounds.tuning, bounds.nodes);
    this.#skeletons = new Skeletons(this.#clusters, bounds.tuning);
  }

  /** What memory grows with. */
  get counts(): Readonly<Record<'singles' | 'templates' | 'nodes' | 'segments' | 'texts', number>> {
    return {
      singles: this.#singles.size,
      templates: this.#templates.size,
      nodes: this.#openings.nodes,
      segments: this.#skeletons.size,
      texts: this.#exact.size,
    };
  }

  place(sketch: PromptSketch, fingerprints: readonly Fingerprint[]): Placement {
    const known = this.#clusters.get(this.#exact.get(sketch.exact) ?? 0);
    const placement = known === undefined ? this.#find(sketch, fingerprints) : this.#again(known, sketch);
    const { cluster } = placement;
    if (placement.matched) this.#count(cluster, sketch);
    this.#remember(sketch.exact, cluster.handle);
    this.#openings.pass(sketch, cluster);
    this.#use(cluster);
    return placement;
  }

  candidates(sketch: PromptSketch): readonly TemplateCandidate[] {
    const same = this.#clusters.get(this.#exact.get(sketch.exact) ?? 0);
    const words = sketch.depths.at(-1) ?? 0;
    const exact = { by: 'exact', evidence: words, needed: words, rejected: null } as const;
    return [
      ...(same === undefined || same.sketch !== null ? [] : [{ templateId: same.id, ...exact }]),
      ...[...this.#openings.candidates(sketch), ...this.#skeletons.candidates(sketch)].toSorted(
        (a, b) => b.evidence - a.evidence,
      ),
    ];
  }

  restore(id: string, definition: TemplateDefinition, fingerprints: readonly Fingerprint[]): void {
    const exact = definition.exact === null ? 0 : keyOfHex(definition.exact);
    const start = definition.start === null ? 0 : keyOfHex(definition.start);
    const cluster = this.#create(id, exact, start, fingerprints);
    const { opening } = definition;
    if (opening !== null) this.#openings.bound(cluster, { key: keyOfHex(opening.hash), depth: opening.words });
    const core = coreOf(definition);
    if (core !== null) this.#skeletons.give(cluster, core);
    if (exact !== 0) this.#remember(exact, cluster.handle);
    cluster.members = this.#bounds.tuning.young + 1;
    cluster.known = true;
    cluster.changed = false;
    this.#use(cluster);
  }

  /** The least useful of the templates beyond the bound, forgotten; null when there is room. */
  evict(): Cluster | null {
    if (this.#templates.size <= this.#bounds.templates) return null;
    let least: Cluster | null = null;
    let looked = 0;
    for (const cluster of this.#templates.values()) {
      if (least === null || cluster.members < least.members) least = cluster;
      if (++looked === EVICTION_SAMPLE) break;
    }
    this.#forget(least!);
    return least;
  }

  /** By hand. False: there is none of that id. */
  forget(id: string): boolean {
    const cluster = [...this.#templates.values()].find((one) => one.id === id);
    if (cluster !== undefined) this.#forget(cluster);
    return cluster !== undefined;
  }

  #find(sketch: PromptSketch, fingerprints: readonly Fingerprint[]): Placement {
    const skeleton = this.#skeletons.match(sketch);
    const merged = skeleton?.twin ? this.#merge(skeleton.cluster, skeleton.twin) : null;
    const alike = merged?.survivor ?? skeleton?.cluster ?? null;
    const weight = skeleton?.weight ?? 0;
    const opening = this.#settle(this.#openings.match(sketch), alike);
    const placement =
      alike !== null && weight > (opening?.words ?? 0)
        ? this.#join(alike, sketch, fingerprints, 'skeleton', weight)
        : this.#begin(opening, sketch, fingerprints);
    return merged === null ? placement : { ...placement, merged };
  }

  #begin(opening: OpeningMatch | null, sketch: PromptSketch, fingerprints: readonly Fingerprint[]): Placement {
    if (opening !== null && opening.kind !== 'found') return this.#open(opening, sketch, fingerprints);
    const founding = this.#skeletons.founding(sketch);
    if (founding !== null && founding.weight > (opening?.words ?? 0)) return this.#found(founding, sketch);
    if (opening !== null) return this.#open(opening, sketch, fingerprints);
    const cluster = this.#create(this.#idFor(sketch), sketch.exact, sketch.nodes[0] ?? 0, fingerprints);
    this.#skeletons.addSingle(cluster, sketch);
    return { ...NOWHERE, cluster };
  }

  /** The same text as before. A later turn of a conversation that was seen once is that conversation. */
  #again(cluster: Cluster, sketch: PromptSketch): Placement {
    this.#skeletons.join(cluster, sketch);
    const matched = !(sketch.grown && cluster.sketch !== null);
    return { ...NOWHERE, cluster, matched, by: 'exact' };
  }

  /** A boundary that is not sure moves, and a fork beside a full skeleton splits, only as the skeleton allows. */
  #settle(opening: OpeningMatch | null, skeleton: Cluster | null): OpeningMatch | null {
    const agreed = opening !== null && opening.cluster === skeleton;
    if (opening?.kind === 'fork') return agreed && this.#skeletons.standsAlone(opening.cluster) ? null : opening;
    if (opening?.kind !== 'move') return opening;
    if (agreed) this.#openings.bound(opening.cluster, opening.boundary);
    return agreed || opening.sure ? opening : null;
  }

  #open(opening: OpeningMatch, sketch: PromptSketch, fingerprints: readonly Fingerprint[]): Placement {
    const { cluster, words } = opening;
    switch (opening.kind) {
      case 'member':
        return this.#join(cluster, sketch, fingerprints, 'opening', words);
      case 'found':
        this.#openings.bound(cluster, opening.boundary);
        return { ...NOWHERE, cluster, matched: true, by: 'opening', evidence: words };
      case 'move':
        this.#openings.bound(cluster, opening.boundary);
        return this.#join(cluster, sketch, fingerprints, 'opening', words);
      case 'fork':
        return this.#split(cluster, sketch, fingerprints, opening.boundary, null, words);
    }
  }

  #join(
    cluster: Cluster,
    sketch: PromptSketch,
    fingerprints: readonly Fingerprint[],
    by: 'opening' | 'skeleton',
    evidence: number,
  ): Placement {
    const child = this.#skeletons.join(cluster, sketch);
    // Who is known by its opening would be again: a child would never get a second member.
    if (child !== null && by === 'skeleton') return this.#split(cluster, sketch, fingerprints, null, child, evidence);
    return { ...NOWHERE, cluster, matched: true, by, evidence };
  }

  #split(
    parent: Cluster,
    sketch: PromptSketch,
    fingerprints: readonly Fingerprint[],
    boundary: Boundary | null,
    segments: ReadonlyMap<number, number> | null,
    evidence: number,
  ): Placement {
    const cluster = this.#create(this.#idFor(sketch), sketch.exact, sketch.nodes[0] ?? 0, fingerprints);
    if (boundary !== null) this.#openings.bound(cluster, boundary);
    if (segments !== null) this.#skeletons.give(cluster, new Core(segments, 1, labelsOf(sketch)));
    return { ...NOWHERE, cluster, by: boundary === null ? 'skeleton' : 'opening', evidence, parent };
  }

  #found({ others, segments, weight }: Founding, sketch: PromptSketch): Placement {
    const [cluster, third] = others as [Cluster, Cluster | undefined];
    const sketches = others.flatMap((one) => one.sketch ?? []);
    if (third !== undefined) this.#absorb(cluster, third);
    const core = new Core(segments, others.length + 1, labelsOf(sketch));
    for (const one of sketches) core.note(one);
    core.note(sketch);
    this.#skeletons.give(cluster, core);
    return { ...NOWHERE, cluster, matched: true, by: 'skeleton', evidence: weight };
  }

  /** The older one stays. */
  #merge(a: Cluster, b: Cluster): Merge {
    const [old, young] = a.handle < b.handle ? [a, b] : [b, a];
    const { boundary } = young;
    this.#absorb(old, young);
    if (old.boundary === null && boundary !== null) this.#openings.bound(old, boundary);
    return { survivor: old, absorbed: young };
  }

  #absorb(cluster: Cluster, other: Cluster): void {
    cluster.members += other.members;
    if (other.start !== cluster.start) cluster.start = 0;
    cluster.changed = true;
    const handles = [other.handle, ...other.absorbed];
    this.#forget(other);
    for (const handle of handles) this.#clusters.set(handle, cluster);
    cluster.absorbed.push(...handles);
  }

  #count(cluster: Cluster, { nodes }: PromptSketch): void {
    cluster.members++;
    this.#skeletons.removeSingle(cluster);
    if (cluster.start !== 0 && cluster.start !== nodes[0]) {
      cluster.start = 0;
      cluster.changed = true;
    }
  }

  #use(cluster: Cluster): void {
    const { handle } = cluster;
    this.#singles.delete(handle);
    this.#templates.delete(handle);
    if (cluster.sketch === null) {
      this.#templates.set(handle, cluster);
      return;
    }
    this.#singles.set(handle, cluster);
    if (this.#singles.size > this.#bounds.singles) this.#forget(this.#singles.values().next().value!);
  }

  #remember(exact: number, handle: number): void {
    this.#exact.delete(exact);
    this.#exact.set(exact, handle);
    const most = EXACT_PER_CLUSTER * (this.#bounds.singles + this.#bounds.templates);
    if (this.#exact.size > most) this.#exact.delete(this.#exact.keys().next().value!);
  }

  #forget(cluster: Cluster): void {
    this.#openings.remove(cluster);
    this.#skeletons.remove(cluster);
    for (const handle of [cluster.handle, ...cluster.absorbed]) this.#clusters.delete(handle);
    this.#singles.delete(cluster.handle);
    this.#templates.delete(cluster.handle);
  }

  /** The same model and founder give the same id, in every run: sketches are keyed already. */
  #idFor({ exact }: PromptSketch): string {
    return `t-${toHex(hashText(`${this.#model}\n${exact}`, { high: 0, low: 0 }))}`;
  }

  #create(id: string, exact: number, start: number, fingerprints: readonly Fingerprint[]): Cluster {
    const cluster: Cluster = {
      handle: ++this.#handles,
      id,
      exact,
      fingerprints,
      members: 1,
      start,
      boundary: null,
      core: null,
      sketch: null,
      known: false,
      changed: false,
      absorbed: [],
    };
    this.#clusters.set(cluster.handle, cluster);
    return cluster;
  }
}
