import { Random } from './random.js';
import { chat, generate, times, type Message, type Step, type Workload, type WorkloadOptions } from './step.js';
import { code, prose } from './text.js';

/** The window that everybody was configured with, tokens. It holds all that they send. */
const WINDOW = 8192;

/** Five clients that agree on a window which holds everything: there is nothing to gain here, only something to lose. */
export function agreeing(options: WorkloadOptions): Workload {
  return Array.from({ length: 5 }, (_, i) => {
    const random = new Random(options.seed * 47 + i);
    return i % 2 === 0 ? conversation(random, options, `chat ${i}`) : task(random, options, `task ${i}`);
  });
}

function conversation(random: Random, options: WorkloadOptions, name: string): readonly Step[] {
  const messages: Message[] = [{ role: 'system', content: 'You are a patient assistant.' }];
  return times(options, 10).map((turn) => {
    messages.push({ role: 'user', content: prose(random, random.between(20, 120)) });
    const ask = chat(name, options, messages, own(turn, 150), random.between(2, 5));
    messages.push({ role: 'assistant', content: prose(random, random.between(40, 160)) });
    return ask;
  });
}

function task(random: Random, options: WorkloadOptions, name: string): readonly Step[] {
  return times(options, 10).map((i) => {
    const prompt = `Explain this code.\n\n${code(random, random.between(20, 110))}`;
    return generate(name, options, prompt, own(i, 200), random.between(2, 5));
  });
}

function own(seed: number, limit: number): Readonly<Record<string, number>> {
  return { num_ctx: WINDOW, num_predict: limit, seed };
}
