import { prose } from './given.js';
import { given } from './template-texts.js';

describe('prompts of one template', () => {
  it('stay one when a word in a long line of its end has few values', () => {
    const { detect } = given();
    const send = (slot: number) =>
      detect(
        `Please help:\n${prose(30, slot)}\nInto ${['German', 'French', 'Dutch'][slot % 3]}, please, and ${prose(9, 900)}`,
      ).clusterId;
    send(1);
    const id = send(2);
    for (let slot = 3; slot < 20; slot++) expect(send(slot)).toBe(id);
  });

  it('stay one when what varies often begins with the same few words', () => {
    const { detect } = given();
    const opening = prose(38, 900).split(' ');
    // The boundary lies above the end of the static text: this one parted early.
    detect(`${opening.slice(0, 24).join(' ')} ${prose(20, 901)}`);
    const begun = (slot: number) => (slot % 2 === 0 ? `${prose(4, 902)} ` : '');
    const send = (slot: number) => detect(`${opening.join(' ')} ${begun(slot)}${prose(12, slot)}`).clusterId;
    const id = send(1);
    for (let slot = 2; slot < 20; slot++) expect(send(slot)).toBe(id);
  });

  it('stay one when the same name comes again near the top of a long static text', () => {
    const { detect } = given();
    const lines = [1, 2, 3, 4, 5].map((seed) => prose(30, 900 + seed)).join('\n');
    const send = (slot: number) =>
      detect(`Write for ${prose(2, slot % 5)}\n${lines}\n${prose(12, 100 + slot)}`).clusterId;
    send(1);
    const id = send(2);
    for (let slot = 3; slot < 20; slot++) expect(send(slot)).toBe(id);
  });
});

describe('the second prompt of a template', () => {
  it('is known by the first, which founded another on the few lines that they share with many', () => {
    const { detect, events } = given();
    const send = (seed: number, slot: number) =>
      detect(
        `${prose(20, slot)}\n${prose(20, seed)}\n${prose(20, seed + 1)}\nComplete the example above.\nIts output is:`,
      );
    send(900, 1);
    const shared = send(910, 2).templateId;
    send(900, 3);
    const split = events.filter(({ type }) => type === 'template.split');
    expect(split).toHaveLength(1);
    expect(split[0]!.data).toMatchObject({ parentId: shared });
  });
});
