/** One prompt as a scorer needs it: its label, and what the detector made of it. */
export interface Outcome {
  readonly template_id: string;
  /** Null counts as a cluster of its own. */
  readonly cluster_id: string | null;
  readonly matched: boolean;
  readonly unique: boolean;
}

/** Shares of 1. */
export interface TemplateScore {
  /** Of the instances from a template's third on: matched to a cluster that is mostly of that template. */
  readonly detect: number;
  /** Of the same: matched to any other. */
  readonly wrong: number;
  /** Of the prompts of no template: matched to anything. */
  readonly falseMatch: number;
  /** Of all pairs of prompts: same cluster against same template. */
  readonly pairF1: number;
}

/** An outcome with how it turned out, seen from its place in the stream. */
export interface Judged<T extends Outcome> {
  readonly outcome: T;
  /** The n-th instance of its template, from 1 on. */
  readonly instance: number;
  readonly right: boolean;
}

const FIRST_JUDGED = 3;

/** Walks the stream once: a match is right when the earlier members of its cluster are mostly of the same template. */
export function judge<T extends Outcome>(outcomes: readonly T[]): readonly Judged<T>[] {
  const clusters = new Map<string, Members>();
  const instances = new Map<string, number>();
  return outcomes.map((outcome) => {
    const { template_id: template, cluster_id: id, matched } = outcome;
    const instance = (instances.get(template) ?? 0) + 1;
    instances.set(template, instance);
    if (id === null) return { outcome, instance, right: false };
    const members = clusters.get(id) ?? new Members(template);
    clusters.set(id, members);
    const right = matched && members.majority() === template;
    members.add(template);
    return { outcome, instance, right };
  });
}

export function scoreOf(judged: readonly Judged<Outcome>[]): TemplateScore {
  const late = judged.filter(({ outcome, instance }) => !outcome.unique && instance >= FIRST_JUDGED);
  const unique = judged.filter(({ outcome }) => outcome.unique);
  const share = (part: readonly unknown[], whole: readonly unknown[]): number =>
    part.length / Math.max(1, whole.length);
  return {
    detect: share(
      late.filter(({ right }) => right),
      late,
    ),
    wrong: share(
      late.filter(({ outcome, right }) => outcome.matched && !right),
      late,
    ),
    falseMatch: share(
      unique.filter(({ outcome }) => outcome.matched),
      unique,
    ),
    pairF1: pairF1(judged.map(({ outcome }) => outcome)),
  };
}

function pairF1(outcomes: readonly Outcome[]): number {
  const clusterOf = ({ cluster_id: id }: Outcome, index: number): string =>
    id === null ? `none ${index}` : `of ${id}`;
  const together = pairsIn(outcomes.map((outcome, i) => `${outcome.template_id}\n${clusterOf(outcome, i)}`));
  const found = pairsIn(outcomes.map(clusterOf));
  const labelled = pairsIn(outcomes.map((outcome) => outcome.template_id));
  return found + labelled === 0 ? 1 : (2 * together) / (found + labelled);
}

function pairsIn(names: readonly string[]): number {
  const sizes = new Map<string, number>();
  for (const name of names) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  return [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
}

/** The labels within a cluster so far. */
class Members {
  readonly #founder: string;
  readonly #counts = new Map<string, number>();

  constructor(founder: string) {
    this.#founder = founder;
  }

  add(template: string): void {
    this.#counts.set(template, (this.#counts.get(template) ?? 0) + 1);
  }

  /** The most frequent label; of equals the founder's, then the first; null when there is none. */
  majority(): string | null {
    const most = Math.max(0, ...this.#counts.values());
    if (most > 0 && this.#counts.get(this.#founder) === most) return this.#founder;
    for (const [template, count] of this.#counts) if (count === most) return template;
    return null;
  }
}
