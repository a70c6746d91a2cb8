import { Random } from './random.js';
import { chat, generate, times, type Message, type Step, type Workload, type WorkloadOptions } from './step.js';
import { code, prose } from './text.js';

/** A batch of translations, whose answers are as long as their prompts, beside people who chat and type. */
export function translation(options: WorkloadOptions): Workload {
  return [translator, proofreader, glossary, chatter, typist].map((client, i) =>
    client(new Random(options.seed * 41 + i), options),
  );
}

/** Works through a book, and computes for each piece a window of three times its length. */
function translator(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 12).map((i) => {
    const piece = prose(random, random.between(250, 2000));
    const own = Math.ceil((piece.length / 4) * 3);
    const messages = [
      { role: 'system', content: 'Translate into French. Keep the paragraphs.' },
      { role: 'user', content: piece },
    ];
    const limit = Math.ceil(piece.length / 3);
    return chat('translator', options, messages, { num_ctx: own, num_predict: limit, seed: i }, 1);
  });
}

/** Reads original and translation side by side. */
function proofreader(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 8).map((i) => {
    const words = random.between(300, 2200);
    const prompt = `Compare the two texts and list what is missing.\n\n${prose(random, words)}\n---\n${prose(random, words)}`;
    return generate(
      'proofreader',
      options,
      prompt,
      { num_ctx: 12_288, num_predict: 150, seed: i },
      random.between(2, 6),
    );
  });
}

/** One word at a time. */
function glossary(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 12).map((i) =>
    generate(
      'glossary',
      options,
      `Define in one line: ${prose(random, 9)}`,
      { num_ctx: 2048, num_predict: 30, seed: i },
      2,
    ),
  );
}

function chatter(random: Random, options: WorkloadOptions): readonly Step[] {
  const messages: Message[] = [];
  return times(options, 10).map((turn) => {
    messages.push({ role: 'user', content: prose(random, random.between(15, 120)) });
    const ask = chat('chatter', options, messages, { num_predict: 180, seed: turn }, random.between(2, 7));
    messages.push({ role: 'assistant', content: prose(random, random.between(80, 220)) });
    return ask;
  });
}

function typist(random: Random, options: WorkloadOptions): readonly Step[] {
  return times(options, 12).map((i) =>
    generate(
      'typist',
      options,
      code(random, random.between(10, 50)),
      { num_predict: 40, seed: i },
      random.between(1, 4),
    ),
  );
}
