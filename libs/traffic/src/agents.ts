import { Random } from './random.js';
import { chat, times, type Message, type Step, type Workload, type WorkloadOptions } from './step.js';
import { code, prose } from './text.js';

/** What each agent asks for: two windows that were set once, one that nobody set, one that grows with the history. */
const WINDOWS = [
  () => ({}),
  () => ({ num_ctx: 4096 }),
  () => ({ num_ctx: 20_480 }),
  (tokens: number) => ({ num_ctx: 2048 * Math.ceil((tokens + 1024) / 2048) }),
  () => ({}),
] as const;

/** Five agents at once, each with a history that grows by what its tools print: nothing but growth and lost prefixes. */
export function agents(options: WorkloadOptions): Workload {
  return WINDOWS.map((windowFor, i) => agent(new Random(options.seed * 43 + i), options, `agent ${i + 1}`, windowFor));
}

function agent(
  random: Random,
  options: WorkloadOptions,
  name: string,
  windowFor: (tokens: number) => Readonly<Record<string, number>>,
): readonly Step[] {
  const messages: Message[] = [
    { role: 'system', content: `You work through a task with tools, as ${name}.\n${prose(random, 400)}` },
  ];
  return times(options, 10).map((turn) => {
    messages.push({ role: 'user', content: turn === 0 ? prose(random, 80) : code(random, random.between(20, 110)) });
    // Four characters a token is what such tools reckon with.
    const own = windowFor(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
    const ask = chat(name, options, messages, { ...own, num_predict: 200, seed: turn }, random.between(1, 4));
    messages.push({ role: 'assistant', content: prose(random, random.between(30, 120)) });
    return ask;
  });
}
