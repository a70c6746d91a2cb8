import type { Fingerprint } from '../request.js';
import { A_LABEL, type PromptSketch } from './prompt-sketch.js';
import { hexOf, keyOfHex, type TemplateDefinition } from './template-definition.js';

/** The node where the static opening of a cluster ends. */
export interface Boundary {
  readonly key: number;
  /** Words up to there. */
  readonly depth: number;
}

/** Prompts that belong together; a single one until a second of its kind comes. */
export interface Cluster {
  /** Never 0, never used again. */
  readonly handle: number;
  readonly id: string;
  /** Of the prompt that founded it. */
  readonly exact: number;
  readonly fingerprints: readonly Fingerprint[];
  members: number;
  /** The first node, when all members share it; 0 when not. */
  start: number;
  boundary: Boundary | null;
  core: Core | null;
  /** Of a single prompt: what a second may share. */
  sketch: PromptSketch | null;
  /** The log knows it, and its definition as it was then. */
  known: boolean;
  changed: boolean;
  /** Handles of clusters that became part of it. */
  readonly absorbed: number[];
}

/** Members from which on a segment that most of them lack leaves the core. */
const SETTLED = 4;
const MAX_EXTRAS = 256;
const LATEST_EXTRAS = 128;
/** The heaviest segments are enough to know a template by. */
const MAX_CORE = 48;

/** The segments that members of a skeleton cluster have in common. */
export class Core {
  /** Segment to weight. */
  readonly weights = new Map<number, number>();
  readonly #hits = new Map<number, number>();
  /** Segments beyond the core and how often they came. */
  readonly extras = new Map<number, { hits: number; weight: number }>();
  /** Segments that label what follows ("Question:"), in the order of the text. */
  readonly labels: readonly number[];
  members: number;
  total = 0;

  constructor(
    weights: Iterable<readonly [key: number, weight: number]>,
    members: number,
    labels: readonly number[] = [],
  ) {
    this.members = members;
    this.labels = labels;
    const heaviest = [...weights].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_CORE);
    for (const [key, weight] of heaviest) {
      this.weights.set(key, weight);
      this.#hits.set(key, members);
      this.total += weight;
    }
  }

  /** Takes in what one more member has; gives the keys that left the core. */
  join({ segments, weights }: PromptSketch): readonly number[] {
    this.members++;
    for (let i = 0; i < segments.length; i++) {
      const key = segments[i]!;
      const hits = this.#hits.get(key);
      if (hits !== undefined) this.#hits.set(key, hits + 1);
      else this.#beyond(key, weights[i]!);
    }
    return this.members < SETTLED ? [] : this.#prune();
  }

  /** Notes what a member beyond those counted already has beyond the core. */
  note({ segments, weights }: PromptSketch): void {
    for (let i = 0; i < segments.length; i++) {
      if (!this.weights.has(segments[i]!)) this.#beyond(segments[i]!, weights[i]!);
    }
  }

  /** Weight of the segments that another core has too. */
  sharedWith({ weights }: Core): number {
    let shared = 0;
    for (const [key, weight] of this.weights) if (weights.has(key)) shared += weight;
    return shared;
  }

  /** The labels that both have follow each other in the same order: the same parts in another order are another template. */
  agreesWith(labels: readonly number[]): boolean {
    return sameOrder(this.labels, labels, (key) => this.weights.has(key));
  }

  #beyond(key: number, weight: number): void {
    const extra = this.extras.get(key);
    if (extra) extra.hits++;
    else {
      if (this.extras.size === MAX_EXTRAS) this.#sweep();
      this.extras.set(key, { hits: 1, weight });
    }
  }

  /** Makes room: what came once goes, but for the latest; what came more often must come again. */
  #sweep(): void {
    let older = this.extras.size - LATEST_EXTRAS;
    for (const [key, extra] of this.extras) {
      if (older-- <= 0) break;
      if (extra.hits === 1) this.extras.delete(key);
      else extra.hits = (extra.hits + 1) >> 1;
    }
    if (this.extras.size === MAX_EXTRAS) this.extras.delete(this.extras.keys().next().value!);
  }

  #prune(): readonly number[] {
    const dropped: number[] = [];
    for (const [key, hits] of this.#hits) {
      if (hits * 2 >= this.members || this.weights.size === 1) continue;
      dropped.push(key);
      this.total -= this.weights.get(key)!;
      this.weights.delete(key);
      this.#hits.delete(key);
    }
    return dropped;
  }
}

export function labelsOf({ segments, sides }: PromptSketch): readonly number[] {
  return [...segments].filter((_, i) => (sides[i]! & A_LABEL) !== 0);
}

/** What two lists have in common, and what `counts`, stands in the same order in both. */
export function sameOrder(one: readonly number[], other: readonly number[], counts: (key: number) => boolean): boolean {
  let last = -1;
  for (const key of other) {
    const at = one.indexOf(key);
    if (at < 0 || !counts(key)) continue;
    if (at < last) return false;
    last = at;
  }
  return true;
}

export function definitionOf({ exact, start, boundary, core }: Cluster): TemplateDefinition {
  return {
    exact: boundary === null && core === null ? hexOf(exact) : null,
    start: start === 0 ? null : hexOf(start),
    opening: boundary === null ? null : { hash: hexOf(boundary.key), words: boundary.depth },
    segments: core === null ? [] : [...core.weights].map(([key, weight]) => [hexOf(key), weight]),
    labels: core === null ? [] : core.labels.filter((key) => core.weights.has(key)).map(hexOf),
  };
}

/** The core that a definition describes, as of a template that has settled. */
export function coreOf({ segments, labels }: TemplateDefinition): Core | null {
  return segments.length === 0
    ? null
    : new Core(
        segments.map(([hash, weight]) => [keyOfHex(hash), weight]),
        SETTLED,
        labels?.map(keyOfHex),
      );
}
