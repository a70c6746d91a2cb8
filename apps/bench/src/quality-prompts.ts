import { Random } from '@rightsize/traffic';

export type Size = 'short' | 'middling' | 'beyond';

/** A question, the same for whoever is asked. */
export interface Prompt {
  readonly number: number;
  readonly size: Size;
  readonly path: '/api/chat' | '/api/generate' | '/v1/chat/completions';
  readonly stream: boolean;
  /** Without what bounds the answer and makes it repeatable. */
  readonly body: Readonly<Record<string, unknown>>;
}

const WORDS =
  'the quick server reads every word of a long letter and answers with seven reasons why rivers bend before mountains'.split(
    ' ',
  );
const SYSTEMS = ['You are a careful assistant.', 'Answer in one sentence.', 'You translate into plain words.'];
/** Words of each size, at least and at most. A word is a token or two, so the last are beyond 4096 tokens. */
const LENGTHS: Readonly<Record<Size, readonly [number, number]>> = {
  short: [5, 60],
  middling: [150, 500],
  beyond: [4200, 4700],
};

function textOf(random: Random, words: number): string {
  return Array.from({ length: words }, () =>
    random.next() < 0.1 ? `${random.between(0, 99)}` : random.pick(WORDS),
  ).join(' ');
}

function sizeOf(random: Random, beyond: number): Size {
  if (random.next() < beyond) return 'beyond';
  return random.next() < 0.7 ? 'short' : 'middling';
}

function messagesOf(random: Random, text: string): object[] {
  const question = { role: 'user', content: text };
  const system = { role: 'system', content: random.pick(SYSTEMS) };
  if (random.next() < 0.5) return [system, question];
  const before = [
    { role: 'user', content: textOf(random, 10) },
    { role: 'assistant', content: textOf(random, 10) },
  ];
  return [system, ...before, question];
}

/** Of one seed always the same; a share of `beyond` does not fit into a window of 4096 tokens. */
export function qualityPrompts(count: number, seed: number, beyond: number): Prompt[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, number) => {
    const size = sizeOf(random, beyond);
    const [least, most] = LENGTHS[size];
    const text = textOf(random, random.between(least, most));
    const path = random.pick(['/api/chat', '/api/chat', '/api/generate', '/v1/chat/completions'] as const);
    const body = path === '/api/generate' ? { prompt: text } : { messages: messagesOf(random, text) };
    return { number, size, path, stream: random.next() < 0.5, body };
  });
}
