import { createSketcher } from '../src/index.js';
import { prose } from './given.js';
import { chat, sketch } from './template-texts.js';

const same = (a: string, b: string): boolean => sketch(a).exact === sketch(b).exact;

describe('masked tokens', () => {
  it.each([
    ['at 10:31 am', 'at 9:05 pm'],
    ['on Monday, May 3, 2024', 'on Friday, June 12, 2025'],
    ['on 2024-05-15T10:00:00.123Z sharp', 'on 2025-11-30T23:59:59Z sharp'],
    ['open /usr/lib/x.so now', 'open /home/ann/y.txt now'],
    ['see https://a.example/x?y=1 first', 'see http://b.example first'],
    ['in src/main.ts there', 'in lib/deep/other.py there'],
    ['costs 1,299.00 today', 'costs 7 today'],
    ['ask user_4711 about it', 'ask anna99 about it'],
    ['in C:\\Users\\ann here', 'in D:\\data here'],
  ])('make one of "%s" and "%s"', (a, b) => {
    expect(same(a, b)).toBe(true);
  });

  it.each([
    ['the cat sleeps', 'the dog sleeps'],
    ['yes and no', 'yes and/or no'],
    ['</content> ends', '</context> ends'],
    ['we may go', 'we will go'],
    ['它是猫', '它是狗'],
    ['stop. go', 'stop, go'],
  ])('tell "%s" from "%s"', (a, b) => {
    expect(same(a, b)).toBe(false);
  });

  it('do not care for the number of line breaks and blanks', () => {
    expect(same('one  two\n\n\n three', 'one two\nthree')).toBe(true);
    expect(same('one two three', 'one two\nthree')).toBe(false);
  });

  it('take a line break that JSON has escaped for one', () => {
    expect(same('one two\\n\\nThree', 'one two\nThree')).toBe(true);
    expect(same('the \\nabla of it', 'the \nabla of it')).toBe(false);
  });
});

describe('a chat sent as one text', () => {
  const [system, question] = [prose(30, 1), prose(20, 2)];

  it('is read as the chat that it is', () => {
    const flat = `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`;
    expect(sketch(flat)).toEqual(sketch(chat(system, question)));
    const named = `System: ${system}\n\nHuman: ${question}\n\nAssistant:`;
    expect(sketch(named)).toEqual(sketch(chat(system, question)));
  });

  it('has grown when messages follow the first of the user', () => {
    const later = `User: ${question}\nAssistant: ${prose(9, 3)}\nUser: ${prose(9, 4)}\nAssistant:`;
    expect(sketch(later)).toMatchObject({ grown: true, exact: sketch(`User: ${question}\nAssistant:`).exact });
  });

  it('keeps the beginning of the answer that a template gives', () => {
    const begun = (words: string) => sketch(`User: ${question}\nAssistant: ${words}`);
    expect(begun(prose(5, 5)).exact).not.toBe(begun(prose(5, 6)).exact);
  });

  it.each([
    ['blanks within', `User: a${' '.repeat(30_000)}b`],
    ['blanks before all', `${' '.repeat(1_000_000)}User: a`],
    ['blanks within a system prompt', `[INST] <<SYS>>${' '.repeat(31_000)}x [/INST]`],
    ['ends and nothing else', `User: ${'</s>'.repeat(200_000)}`],
    ['names and nothing else', 'User: '.repeat(150_000)],
    ['names, one a line', 'User:\n'.repeat(150_000)],
  ])('is read in bounded parts, whatever it is made of: %s', (_, text) => {
    const { segments, nodes } = sketch(text);
    expect(segments.length + nodes.length).toBeLessThan(1_200);
  });

  it('is none when the names stand further down', () => {
    expect(sketch(`${question}\nUser: ${system}`).segments).not.toEqual(sketch(chat(null, system)).segments);
  });
});

describe('a sketch', () => {
  it('depends on the secret', () => {
    const segments = [{ role: 'prompt' as const, text: prose(40, 1) }];
    const other = createSketcher('other').sketch({ segments, tools: '' });
    expect(other.nodes[0]).not.toBe(sketch(prose(40, 1)).nodes[0]);
    expect(other.segments[0]).not.toBe(sketch(prose(40, 1)).segments[0]);
  });

  it('counts no word of a short system prompt, and all of a long one', () => {
    const depth = (system: string): number => sketch(chat(system, prose(30, 2))).depths.at(-1) ?? 0;
    expect(depth('You are a helpful assistant.')).toBe(30);
    expect(depth(prose(30, 1))).toBe(60);
  });

  it('tells tools apart, and the same tools from none', () => {
    const talk = chat(prose(30, 1), prose(30, 2));
    expect(sketch(talk, '[{"name":"a"}]').exact).not.toBe(sketch(talk).exact);
    expect(sketch(talk, '[{"name":"a"}]').exact).not.toBe(sketch(talk, '[{"name":"b"}]').exact);
  });

  it('reads no further than the first message of the user, and says when more follows', () => {
    const first = sketch(chat('Be brief.', prose(30, 1)));
    const later = sketch(chat('Be brief.', prose(30, 1), prose(30, 2), prose(30, 3)));
    expect(later.exact).toBe(first.exact);
    expect([first.grown, later.grown]).toEqual([false, true]);
  });

  it('has keys that JSON and a double can hold', () => {
    const { nodes, segments, exact } = sketch(prose(100, 1));
    for (const key of [...nodes, ...segments, exact]) expect(Number.isSafeInteger(key)).toBe(true);
  });

  it.each([
    ['one line of a megabyte', 'x'.repeat(1_000_000)],
    ['equal words', 'same '.repeat(200_000)],
    ['equal lines', 'same line\n'.repeat(100_000)],
    ['signs only', '".'.repeat(500_000)],
    ['slashes', 'a/'.repeat(500_000)],
    ['blanks', ' '.repeat(1_000_000)],
    ['Chinese', '的'.repeat(1_000_000)],
    ['different lines', Array.from({ length: 50_000 }, (_, i) => prose(3, i)).join('\n')],
  ])('of %s is small', (_, text) => {
    const { nodes, segments } = sketch(text);
    expect(nodes.length).toBeLessThanOrEqual(2048);
    expect(segments.length).toBeLessThanOrEqual(144);
  });

  it('of a long text reads its two ends: what stands between makes no difference', () => {
    const text = (middle: number): string => `${prose(3000, 1)} ${prose(9000, middle)} ${prose(3000, 2)}`;
    expect(sketch(text(3)).exact).toBe(sketch(text(4)).exact);
  });
});
