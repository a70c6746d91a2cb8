import { judge, scoreOf, type Outcome } from '../src/templates-score.js';
import { PERTURBATIONS } from '../src/templates-perturbed.js';
import type { CorpusPrompt } from '../src/templates-corpus.js';

const outcome = (template_id: string, cluster_id: string | null, matched = true): Outcome => ({
  template_id,
  cluster_id,
  matched,
  unique: template_id.startsWith('unique'),
});

describe('the score of a detector', () => {
  it('counts from the third instance on, right when the cluster is mostly of the template', () => {
    const score = scoreOf(
      judge([
        outcome('a', 'x', false),
        outcome('a', 'x'),
        outcome('a', 'x'),
        outcome('b', 'x'),
        outcome('b', 'y', false),
        outcome('b', 'x'),
        outcome('a', 'x'),
        outcome('a', 'z', false),
      ]),
    );
    // Judged are four: two of a are right, one is missed, and the third of b went to a's cluster.
    expect(score).toMatchObject({ detect: 0.5, wrong: 0.25, falseMatch: 0 });
  });

  it('takes a tie for the template that founded the cluster', () => {
    const judged = judge([outcome('a', 'x', false), outcome('b', 'x'), outcome('b', 'y', false), outcome('b', 'x')]);
    expect(judged.map(({ right }) => right)).toEqual([false, false, false, false]);
  });

  it('counts prompts of no template that matched anything', () => {
    expect(scoreOf(judge([outcome('unique 1', 'x', false), outcome('unique 2', 'x')])).falseMatch).toBe(0.5);
  });

  it('compares pairs: two together in both of three found and two labelled', () => {
    const { pairF1 } = scoreOf(
      judge([outcome('a', 'x'), outcome('a', 'x'), outcome('b', 'y'), outcome('b', null), outcome('c', 'x')]),
    );
    expect(pairF1).toBeCloseTo((2 * 1) / (3 + 2));
  });
});

describe('a perturbed corpus', () => {
  const opening = Array.from({ length: 40 }, (_, i) => `word${String.fromCharCode(97 + (i % 26))}`).join(' ');
  const prompts = Array.from({ length: 12 }, (_, i): CorpusPrompt => ({
    templateId: i % 3 === 2 ? `unique/${i}` : 'source/one',
    kind: 'long_prefix',
    source: 'source',
    unique: i % 3 === 2,
    segments: [{ role: 'prompt', text: i % 3 === 2 ? `alone ${i}` : `${opening} slot${i} tail` }],
    session: null,
    outputWords: null,
  }));

  it.each(PERTURBATIONS.filter(({ name }) => !name.startsWith('half')))(
    '$name: changes texts or order, never who is of no template, and is the same in every run',
    ({ apply }) => {
      const changed = apply(prompts);
      expect(changed).not.toEqual(prompts);
      expect(apply(prompts)).toEqual(changed);
      expect(changed.filter(({ unique }) => unique)).toHaveLength(4);
    },
  );

  it('of siblings has labels of their own for what differs in one word', () => {
    const siblings = PERTURBATIONS.find(({ name }) => name.startsWith('siblings'))!.apply(prompts);
    const byLabel = new Map(siblings.map(({ templateId, segments }) => [templateId, segments[0]!.text]));
    const texts = ['source/one', 'source/one 1'].map((label) => byLabel.get(label)!.split(' ').slice(0, 40));
    expect(texts[0]!.filter((word, i) => word !== texts[1]![i])).toHaveLength(1);
  });
});
