import type { TemplateEvent } from '../src/index.js';
import { prose } from './given.js';
import { chat, given, opening, slotFirst } from './template-texts.js';

describe('prompts that belong together', () => {
  it('are found by their opening: the second makes a template, the third has its id', () => {
    const { detect, events } = given();
    expect(detect(opening(1))).toMatchObject({ templateId: null, matched: false });
    const second = detect(opening(2));
    expect(second).toMatchObject({ matched: true, by: 'opening' });
    expect(detect(opening(3))).toMatchObject({ templateId: second.templateId, matched: true });
    expect(events.map(({ type }) => type)).toEqual(['template.detected']);
    expect(second.templateId).not.toBeNull();
  });

  it('are found by their static end when the variable text comes first', () => {
    const { detect } = given();
    detect(slotFirst(1));
    const second = detect(slotFirst(2));
    expect(second).toMatchObject({ matched: true, by: 'skeleton' });
    expect(detect(slotFirst(3)).templateId).toBe(second.templateId);
  });

  it('are found behind a clock, a path and a date near the top', () => {
    const { detect } = given();
    const at = (clock: string, path: string, date: string, slot: number) =>
      `It is ${clock}, ${date}. Files are in ${path} today. ${prose(40, 7)}\n\n${prose(10, slot)}`;
    detect(at('10:31:07', '/home/ann/site', '2024-05-15', 1));
    const second = detect(at('22:05', '~/work/notes.md', 'Tuesday', 2));
    expect(second).toMatchObject({ matched: true, by: 'opening' });
  });

  it('are found when a name near the top differs, by what stands behind it', () => {
    const { detect } = given();
    const rules = [prose(9, 1), prose(7, 2), prose(11, 3)].join('.\n');
    detect(chat(`You help ${prose(2, 50)} at work.\n${rules}`, prose(9, 60)));
    expect(detect(chat(`You help ${prose(2, 51)} at work.\n${rules}`, prose(9, 61)))).toMatchObject({ matched: true });
  });

  it('are apart when their openings part before the boundary', () => {
    const { detect } = given();
    const family = prose(20, 3);
    const one = (slot: number) => `${family} ${prose(60, 4)}\n${prose(10, slot)}`;
    const other = (slot: number) => `${family} ${prose(60, 5)}\n${prose(10, slot)}`;
    for (const slot of [1, 2, 3, 4, 5, 6, 7]) detect(one(slot));
    detect(other(11));
    const second = detect(other(12));
    expect(second.matched).toBe(true);
    expect(detect(other(13)).templateId).toBe(second.templateId);
    expect(second.templateId).not.toBe(detect(one(8)).templateId);
  });

  it('find the boundary further up when the first two began alike by chance', () => {
    const { detect } = given();
    const start = prose(40, 3);
    detect(`${start} ${prose(5, 8)} ${prose(9, 1)}`);
    const second = detect(`${start} ${prose(5, 8)} ${prose(9, 2)}`);
    expect(detect(`${start} ${prose(9, 3)}`)).toMatchObject({ matched: true, templateId: second.templateId });
    expect(detect(`${start} ${prose(9, 4)}`)).toMatchObject({ matched: true, templateId: second.templateId });
  });

  it('are of one model only', () => {
    const { detect } = given();
    detect(opening(1), 'a');
    expect(detect(opening(2), 'b').matched).toBe(false);
  });

  it('are one template when the texts are equal, however short', () => {
    const { detect } = given();
    detect('ping');
    expect(detect('ping')).toMatchObject({ matched: true, by: 'exact' });
    expect(detect('pong').matched).toBe(false);
  });
});

describe('templates that have much in common', () => {
  const family = prose(40, 3);
  const task = (word: string, slot: number): string => `${family} ${word} ${prose(24, 4)}\n${prose(10, slot)}`;

  it('are apart when their instructions differ in one word of a long opening', () => {
    const { detect } = given();
    for (let slot = 1; slot <= 8; slot++) detect(task(slot % 2 === 0 ? 'person' : 'place', slot));
    const person = detect(task('person', 20));
    const place = detect(task('place', 21));
    expect(person).toMatchObject({ matched: true });
    expect(place).toMatchObject({ matched: true });
    expect(person.templateId).not.toBe(place.templateId);
  });

  it('stay one while what they share beyond the opening is little', () => {
    const { detect } = given();
    const send = (word: string, slot: number) => detect(`${family} ${word} in full\n${prose(30, slot)}`);
    for (let slot = 1; slot <= 8; slot++) send(slot % 2 === 0 ? 'person' : 'place', slot);
    expect(send('person', 20).templateId).toBe(send('place', 21).templateId);
  });

  it('are apart when a few static lines are all that many others share with them', () => {
    const { detect } = given();
    const lines = 'Answer the question step by step.\nAnswer in one word:';
    const send = (seed: number, slot: number) =>
      detect(
        `${prose(3, slot)}\n${[1, 2, 3, 4].map((i) => prose(12, seed + i)).join('\n')}\n${prose(9, slot + 500)}\n${lines}`,
      );
    for (let seed = 1; seed <= 10; seed++) send(seed * 50, seed);
    for (const round of [20, 60]) for (let seed = 1; seed <= 10; seed++) send(seed * 50, seed + round);
    const ids = [1, 2, 3, 4].map((seed) => send(seed * 50, seed + 40));
    expect(ids.map(({ matched }) => matched)).toEqual([true, true, true, true]);
    expect(new Set(ids.map(({ templateId }) => templateId)).size).toBe(4);
  });

  it('are apart when they ask for the same parts in another order', () => {
    const { detect } = given();
    const send = (labels: readonly [string, string], slot: number) =>
      detect(
        `Use the paragraph to answer the question.\n\n${labels[0]}:\n\n${prose(9, slot)}\n\n${labels[1]}:\n\n${prose(9, slot + 500)}`,
      );
    const slots = [1, 2, 3, 4];
    for (const slot of slots) send(['Question', 'Paragraph'], slot);
    for (const slot of slots) send(['Paragraph', 'Question'], slot + 50);
    const one = send(['Question', 'Paragraph'], 100);
    const other = send(['Paragraph', 'Question'], 101);
    expect([one.matched, other.matched]).toEqual([true, true]);
    expect(one.templateId).not.toBe(other.templateId);
  });

  it('keep the order of their parts through the log', () => {
    const before = given();
    const send = (detect: ReturnType<typeof given>['detect'], labels: readonly [string, string], slot: number) =>
      detect(
        `Use the text given.\n\n${labels[0]}:\n${prose(9, slot)}\n${labels[1]}:\n${prose(9, slot + 500)}\nThe answer is here:`,
      );
    for (const slot of [1, 2, 3]) send(before.detect, ['Question', 'Paragraph'], slot);
    const after = given();
    after.detector.restore(rows(before.events));
    expect(send(after.detect, ['Paragraph', 'Question'], 8).matched).toBe(false);
    expect(send(after.detect, ['Question', 'Paragraph'], 9).matched).toBe(true);
  });
});

describe('prompts that do not', () => {
  const LINE = 'You are a helpful assistant.';

  it('match nothing behind a system prompt of one line that they share', () => {
    const { detect } = given();
    const matched = Array.from({ length: 30 }, (_, i) => detect(chat(LINE, prose(12, i))).matched);
    expect(matched).not.toContain(true);
  });

  it('match behind a system prompt that is a template by itself', () => {
    const { detect } = given();
    detect(chat(prose(60, 1), prose(9, 2)));
    expect(detect(chat(prose(60, 1), prose(9, 3))).matched).toBe(true);
  });

  it.each([
    [
      'ChatML',
      (text: string) =>
        `<|im_start|>system\n${LINE}<|im_end|>\n<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`,
    ],
    [
      'Llama 3',
      (text: string) =>
        `<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n${text}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n`,
    ],
    ['Mistral', (text: string) => `<s>[INST] <<SYS>>\n${LINE}\n<</SYS>>\n\n${text} [/INST]`],
    ['Gemma', (text: string) => `<start_of_turn>user\n${text}<end_of_turn>\n<start_of_turn>model\n`],
    ['names', (text: string) => `System: ${LINE}\nUser: ${text}\nAssistant:`],
  ])('match nothing for the layout of a chat sent as one text: %s', (_, layout) => {
    const { detect } = given();
    const matched = Array.from({ length: 10 }, (_each, i) => detect(layout(prose(12, i))).matched);
    expect(matched).not.toContain(true);
  });

  it('match nothing for a closing phrase of one paragraph, which is a habit of speech', () => {
    const { detect } = given();
    const matched = Array.from(
      { length: 10 },
      (_, i) => detect(`${prose(12, i)}. Please explain it step by step.`).matched,
    );
    expect(matched).not.toContain(true);
  });

  it('match nothing in an empty text, or in one without a word', () => {
    const { detect } = given();
    expect(detect('')).toMatchObject({ clusterId: null, matched: false });
    expect(detect([])).toMatchObject({ clusterId: null, matched: false });
  });
});

describe('a conversation', () => {
  it('is no template however it grows, and keeps its cluster', () => {
    const { detect, events } = given();
    const first = detect(chat(null, prose(30, 1)));
    const later = detect(chat(null, prose(30, 1), prose(20, 2), prose(9, 3)));
    expect(later).toMatchObject({ matched: false, templateId: null, clusterId: first.clusterId });
    expect(events).toEqual([]);
  });

  it('belongs to its template with every turn', () => {
    const { detect } = given();
    detect(chat(prose(60, 1), prose(9, 2)));
    const { templateId } = detect(chat(prose(60, 1), prose(9, 3)));
    expect(detect(chat(prose(60, 1), prose(9, 3), prose(30, 4), prose(5, 5))).templateId).toBe(templateId);
  });

  it('of other roles is another: a system prompt is not the opening of a message', () => {
    const { detect } = given();
    detect(chat(prose(30, 1), prose(9, 2)));
    expect(detect(`${prose(30, 1)}\n${prose(9, 3)}`).matched).toBe(false);
  });
});

describe('a template that holds another', () => {
  const task = (label: string, slot: number): string =>
    `${prose(14, slot)}\n\nAnswer the question about the text.\n${label}\nAnswer:`;
  const strict = 'Give only the name of the person and nothing else at all, not even a full stop.';

  it('splits when the same segments come again and again beyond its core', () => {
    const { detect, events } = given();
    for (let slot = 1; slot <= 7; slot++) detect(task(prose(4, 100 + slot), slot));
    for (let slot = 8; slot <= 14; slot++) detect(task(strict, slot));
    const split = events.find(({ type }) => type === 'template.split');
    expect(split?.data).toMatchObject({ templateId: expect.any(String), parentId: expect.any(String) });
    expect(detect(task(strict, 20)).templateId).toBe(split?.data.templateId);
    expect(detect(task(prose(4, 200), 21)).templateId).not.toBe(split?.data.templateId);
  });
});

describe('what the log is told', () => {
  it('gives the same templates back, ids included, without a prompt', () => {
    const before = given();
    for (const slot of [1, 2, 3, 4, 5, 6]) {
      before.detect(opening(slot));
      before.detect(slotFirst(slot));
      before.detect('ping');
    }
    const after = given();
    after.detector.restore(rows(before.events));
    for (const text of [opening(50), slotFirst(50), 'ping']) {
      const { templateId, matched } = after.detect(text);
      expect(matched).toBe(true);
      expect(templateId).toBe(before.detect(text).templateId);
    }
  });

  it('is the same for the same prompts in the same order', () => {
    const run = (): unknown => {
      const { detect, events } = given();
      const ids = [1, 2, 3].flatMap((slot) => [detect(opening(slot)).clusterId, detect(slotFirst(slot)).clusterId]);
      return { ids, events };
    };
    expect(run()).toEqual(run());
  });

  it('holds hashes that another secret does not give', () => {
    const { detect, events } = given();
    detect(opening(1));
    detect(opening(2));
    const text = JSON.stringify(events);
    for (const word of prose(40, 900).split(' ')) expect(text).not.toContain(word);
  });

  it('resolves the id of a template that was merged, after a restart too', () => {
    const { detector } = given();
    const gone = { model: 'm', definition: NOTHING, fingerprints: [], atMs: 1, evicted: false };
    detector.restore([
      { ...gone, templateId: 'a', mergedInto: 'b' },
      { ...gone, templateId: 'b', mergedInto: 'c' },
    ]);
    expect(detector.resolve('a')).toBe('c');
    expect(detector.resolve('x')).toBe('x');
  });
});

describe('bounds', () => {
  it('evict the template with the fewest uses and say so', () => {
    const { detect, events } = given({ templatesPerModel: 2 });
    for (const seed of [901, 902, 903]) {
      const uses = seed === 902 ? 2 : 5;
      for (let slot = 0; slot < uses; slot++) detect(opening(slot, seed));
    }
    const evicted = events.filter((event) => event.type === 'template.evicted');
    expect(evicted).toHaveLength(1);
    expect(evicted[0]?.data).toMatchObject({ uses: 2 });
    expect(detect(opening(9, 901)).matched).toBe(true);
    expect(detect(opening(9, 902)).matched).toBe(false);
  });

  it('forget the oldest single prompt first', () => {
    const { detect } = given({ singlesPerModel: 3 });
    for (const seed of [901, 902, 903, 904]) detect(opening(1, seed));
    expect(detect(slotFirst(1)).matched).toBe(false);
    expect(detect(opening(2, 901)).matched).toBe(false);
  });

  it('hold for models: their names come from clients', () => {
    const { detect } = given({ models: 2 });
    detect(opening(1), 'a');
    detect(opening(1), 'b');
    detect(opening(1), 'c');
    expect(detect(opening(2), 'a').matched).toBe(false);
  });
});

const NOTHING = { exact: null, start: null, opening: null, segments: [] } as const;

/** As the read model folds them: the last definition counts. */
function rows(events: readonly TemplateEvent[]) {
  const byId = new Map(
    events.flatMap((event) =>
      event.type === 'template.detected' || event.type === 'template.split'
        ? [[event.data.templateId, { ...event.data, mergedInto: null, evicted: false }] as const]
        : [],
    ),
  );
  return byId.values();
}
