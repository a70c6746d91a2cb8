import { emptyTemplateStatistics, foldTemplate, inheritTemplate, mergeTemplates } from '../src/index.js';
import { completed, MODEL, prose, templateAfter } from './given.js';
import { given } from './template-texts.js';

const BASE = [1, 2, 3, 4, 5].map((seed) => prose(5, seed));
const END = prose(5, 9);

/** Static lines, and lines that some prompts have beyond them. */
function prompt(slot: number, ...beyond: readonly string[]): string {
  return [prose(20, 1000 + slot), ...BASE, ...beyond, END].join('\n');
}

describe('two templates whose static segments have become the same', () => {
  it('are merged into the older one, and the old id leads there', () => {
    const { detect, detector, events } = given();
    let slot = 0;
    const send = (...beyond: readonly string[]) => detect(prompt(++slot, ...beyond));
    // Two templates at first: what each has beyond the base is more than a quarter of it.
    const [one, other] = [lines(50), lines(60)];
    for (const group of [one, one, other, other]) send(...group);
    // Then the base alone turns out to be static, and the rest leaves both cores.
    for (const group of [one, other]) for (let i = 0; i < 10; i++) send(group[i % group.length]!);
    const id = send().templateId;
    const [event] = events.filter(({ type }) => type === 'templates.merged');
    expect(event?.data).toMatchObject({ templateId: expect.any(String), survivorId: id });
    expect(detector.resolve(event!.data.templateId)).toBe(id);
    expect(send(other[1]!).templateId).toBe(id);
    expect(send(one[1]!).templateId).toBe(id);
  });
});

/** Five lines of a word. */
function lines(seed: number): readonly string[] {
  return [0, 1, 2, 3, 4].map((i) => prose(1, seed + i));
}

describe('statistics', () => {
  const one = { ...templateAfter({ outputTokens: 10, promptTokens: 100 }), firstSeenMs: 5, lastSeenMs: 9 };
  const other = { ...templateAfter({ outputTokens: 30 }, { outputTokens: 50 }), firstSeenMs: 2, lastSeenMs: 4 };

  it('of a merged template go to the survivor', () => {
    const both = mergeTemplates(one, other);
    expect(both).toMatchObject({ completions: 3, firstSeenMs: 2, lastSeenMs: 9 });
    expect(both.outputs.values.toSorted((a, b) => a - b)).toEqual([10, 30, 50]);
    expect(both.answers?.outputs).toHaveLength(3);
    expect(both.lengthStops.samples).toBe(3);
  });

  it('keep the most recent of both when they are too many', () => {
    const full = (value: number) => ({ ...one, outputs: { capacity: 4, values: [1, 2, 3, value] } });
    const { values } = mergeTemplates(full(100), full(200)).outputs;
    expect(values).toHaveLength(4);
    expect(values).toEqual(expect.arrayContaining([100, 200, 3]));
  });

  it('of a template that split off begin with those of its parent, apart from its counts', () => {
    const child = inheritTemplate(emptyTemplateStatistics('child', MODEL), other);
    expect(child).toMatchObject({ templateId: 'child', requests: 0, completions: 0, outputs: other.outputs });
    const next = foldTemplate(child, {
      type: 'request.completed',
      data: completed({ templateId: 'child', outputTokens: 7 }),
    });
    expect(next.outputs.values).toEqual([30, 50, 7]);
  });
});
