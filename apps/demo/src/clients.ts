import { Random } from './random.js';
import { code, prose } from './text.js';

/** One request of a client, and how long it waits after its previous answer before it sends it. */
export interface Step {
  readonly client: string;
  readonly path: '/api/chat' | '/api/generate';
  readonly body: Readonly<Record<string, unknown>> & { readonly options?: Readonly<Record<string, unknown>> };
  /** Seconds. */
  readonly pause: number;
}

interface Message {
  readonly role: string;
  readonly content: string;
}

export interface WorkloadOptions {
  readonly model: string;
  readonly seed: number;
  /** 1: some fifty requests. 0.5: half of them. */
  readonly size: number;
}

/** Five clients of one model that disagree about its window. Deterministic: the same for every run. */
export function clients(options: WorkloadOptions): readonly (readonly Step[])[] {
  return [chatWindow, summariser, codingTool, editor, agent].map((client, i) =>
    client(new Random(options.seed * 31 + i), options),
  );
}

function times(options: WorkloadOptions, count: number): readonly number[] {
  return Array.from({ length: Math.max(2, Math.round(count * options.size)) }, (_, i) => i);
}

/** A chat window: it sends no window at all, and after the first answers it asks for a title. */
function chatWindow(random: Random, options: WorkloadOptions): readonly Step[] {
  const messages: Message[] = [{ role: 'system', content: 'You are a patient assistant. Answer in plain words.' }];
  return times(options, 9).flatMap((turn) => {
    messages.push({ role: 'user', content: `${prose(random, random.between(20, 90))} What do you make of it?` });
    const ask = chat('chat window', options, [...messages], { seed: turn }, random.between(4, 9));
    messages.push({ role: 'assistant', content: prose(random, random.between(60, 160)) });
    if (turn > 2) return [ask];
    const title = `Give this conversation a title of five words at most.\n\n${messages.map((m) => m.content).join('\n')}`;
    return [ask, chat('chat window', options, [{ role: 'user', content: title }], { seed: turn, num_predict: 24 }, 1)];
  });
}

/** A summariser that was configured once with a window of its own. */
function summariser(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 8).map((i) => ({
    client: 'summariser',
    path: '/api/generate',
    pause: random.between(6, 12),
    body: {
      model: options.model,
      prompt: `Summarise the following report in five sentences. Keep names and numbers.\n\n${prose(random, random.between(700, 3200))}`,
      options: { num_ctx: 8192, num_predict: 400, seed: i },
    },
  }));
}

/** A coding tool that computes the window it thinks it needs for every single request. */
function codingTool(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 12).map((i) => {
    const files = code(random, random.between(60, 420));
    const messages = [
      { role: 'system', content: 'You change code. Answer with a unified diff and nothing else.' },
      { role: 'user', content: `Rename the counters consistently.\n\n${files}` },
    ];
    const own = Math.floor(files.length / 4) + 2048;
    return chat('coding tool', options, messages, { num_ctx: own, seed: i }, random.between(3, 8));
  });
}

/** An editor's completion: short, frequent, no window. */
function editor(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 14).map((i) => ({
    client: 'editor',
    path: '/api/generate',
    pause: random.between(2, 6),
    body: {
      model: options.model,
      prompt: `Complete the function.\n\n${code(random, random.between(12, 40))}\nexport function `,
      options: { num_predict: 48, seed: i },
    },
  }));
}

/** An agent whose history grows with each tool it used, far beyond the default window; it sends no window. */
function agent(random: Random, options: WorkloadOptions): readonly Step[] {
  const rules = prose(random, 500);
  const messages: Message[] = [
    { role: 'system', content: `You are an agent that works through a task step by step.\n${rules}` },
  ];
  return times(options, 9).map((turn) => {
    messages.push({
      role: 'user',
      content: turn === 0 ? prose(random, 120) : `Output of the command:\n${code(random, random.between(70, 130))}`,
    });
    const ask = chat('agent', options, [...messages], { seed: turn }, random.between(2, 5));
    messages.push({ role: 'assistant', content: prose(random, random.between(40, 120)) });
    return ask;
  });
}

function chat(
  client: string,
  options: WorkloadOptions,
  messages: readonly Message[],
  runner: Record<string, unknown>,
  pause: number,
): Step {
  return { client, path: '/api/chat', pause, body: { model: options.model, messages, options: runner } };
}
