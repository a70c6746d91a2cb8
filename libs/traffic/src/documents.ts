import { Random } from './random.js';
import { chat, generate, times, type Message, type Step, type Workload, type WorkloadOptions } from './step.js';
import { prose } from './text.js';

/** Retrieval: a few prompts full of documents among many short ones, each client with an idea of its own about the window. */
export function documents(options: WorkloadOptions): Workload {
  return [librarian, judge, indexer, helpDesk, router].map((client, i) =>
    client(new Random(options.seed * 37 + i), options),
  );
}

/** Answers from what a search found: one to six documents, so that lengths jump. Window of its own, as large as it dared. */
function librarian(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 8).map((i) => {
    const found = Array.from({ length: random.between(1, 6) }, (_, n) => `[${n + 1}] ${prose(random, 700)}`);
    const messages = [
      { role: 'system', content: 'Answer from the documents alone, and name the document.' },
      { role: 'user', content: `${found.join('\n\n')}\n\nQuestion: ${prose(random, 18)}` },
    ];
    return chat('librarian', options, messages, { num_ctx: 16_384, num_predict: 220, seed: i }, random.between(4, 9));
  });
}

/** Grades passages one by one, in a window that just holds them. */
function judge(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 14).map((i) => {
    const prompt = `Does the passage answer the question? Yes or no.\n\n${prose(random, random.between(90, 260))}`;
    return generate('judge', options, prompt, { num_ctx: 2048, num_predict: 4, seed: i }, 1);
  });
}

/** Keywords for whole chapters; no window, so that a server's default cuts them. */
function indexer(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 7).map((i) => {
    const prompt = `List the keywords of this chapter.\n\n${prose(random, random.between(1200, 4200))}`;
    return generate('indexer', options, prompt, { num_predict: 120, seed: i }, random.between(3, 7));
  });
}

/** A chat with people: a growing conversation, no window. */
function helpDesk(random: Random, options: WorkloadOptions): readonly Step[] {
  const messages: Message[] = [
    { role: 'system', content: `You help people with their orders.\n${prose(random, 200)}` },
  ];
  return times(options, 9).map((turn) => {
    messages.push({ role: 'user', content: prose(random, random.between(20, 110)) });
    const ask = chat('help desk', options, messages, { num_predict: 160, seed: turn }, random.between(3, 8));
    messages.push({ role: 'assistant', content: prose(random, random.between(50, 140)) });
    return ask;
  });
}

/** Sorts questions into drawers: tiny, frequent, and configured long ago. */
function router(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 14).map((i) => {
    const messages = [{ role: 'user', content: `Which drawer: orders, returns or other?\n\n${prose(random, 30)}` }];
    return chat('router', options, messages, { num_ctx: 4096, num_predict: 6, seed: i }, 1);
  });
}
