import { Random } from './random.js';
import { chat, generate, times, type Message, type Step, type Workload, type WorkloadOptions } from './step.js';
import { code, prose } from './text.js';

/** Five clients of one model that disagree about its window. Deterministic: the same for every run. */
export function disagreeing(options: WorkloadOptions): Workload {
  return [chatWindow, summariser, codingTool, editor, agent].map((client, i) =>
    client(new Random(options.seed * 31 + i), options),
  );
}

/** A chat window: it sends no window at all, and after the first answers it asks for a title. */
function chatWindow(random: Random, options: WorkloadOptions): readonly Step[] {
  const messages: Message[] = [{ role: 'system', content: 'You are a patient assistant. Answer in plain words.' }];
  return times(options, 9).flatMap((turn) => {
    messages.push({ role: 'user', content: `${prose(random, random.between(20, 90))} What do you make of it?` });
    const ask = chat('chat window', options, messages, { seed: turn }, random.between(4, 9));
    messages.push({ role: 'assistant', content: prose(random, random.between(60, 160)) });
    if (turn > 2) return [ask];
    const title = `Give this conversation a title of five words at most.\n\n${messages.map((m) => m.content).join('\n')}`;
    return [ask, chat('chat window', options, [{ role: 'user', content: title }], { seed: turn, num_predict: 24 }, 1)];
  });
}

/** A summariser that was configured once with a window of its own. */
function summariser(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 8).map((i) => {
    const pause = random.between(6, 12);
    const report = prose(random, random.between(700, 3200));
    const prompt = `Summarise the following report in five sentences. Keep names and numbers.\n\n${report}`;
    return generate('summariser', options, prompt, { num_ctx: 8192, num_predict: 400, seed: i }, pause);
  });
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
  return times(options, 14).map((i) => {
    const pause = random.between(2, 6);
    const prompt = `Complete the function.\n\n${code(random, random.between(12, 40))}\nexport function `;
    return generate('editor', options, prompt, { num_predict: 48, seed: i }, pause);
  });
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
    const ask = chat('agent', options, messages, { seed: turn }, random.between(2, 5));
    messages.push({ role: 'assistant', content: prose(random, random.between(40, 120)) });
    return ask;
  });
}
