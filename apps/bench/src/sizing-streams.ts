import type { Random } from './sizing-random.js';

/** One request of one client of a made workload, before they are merged. Seconds, tokens. */
export interface Asked {
  readonly t: number;
  readonly client: string;
  readonly conversation: string | null;
  readonly prompt: number;
  readonly output: number;
  readonly cachedPrefix: number;
  readonly numPredict: number | null;
}

/** A length that may depend on the time of day, seconds, and for answers on the prompt. */
export type Length = (t: number, prompt: number) => number;

export interface Calls {
  readonly client: string;
  readonly prompt: Length;
  readonly output: Length;
  readonly numPredict?: number;
}

export interface Chats extends Calls {
  /** What a turn adds on top of the last answer. */
  readonly increment: Length;
  readonly meanTurns: number;
  /** Between an answer and the next turn. */
  readonly pause: number;
  /** Share of an answer that is left out of the history: thinking. */
  readonly dropped?: number;
}

/** When a client comes: `perHour` while it is there, which it is in spells of about `spell` hours with breaks of `away`. */
export function arrivals(random: Random, hours: number, perHour: number, spell: number, away: number): number[] {
  const times: number[] = [];
  let t = random.exponential(away / 4) * 3600;
  while (t < hours * 3600) {
    const end = t + random.exponential(spell) * 3600;
    for (t += random.exponential(3600 / perHour); t < end; t += random.exponential(3600 / perHour)) times.push(t);
    t = end + random.exponential(away) * 3600;
  }
  return times.filter((time) => time < hours * 3600);
}

/** Many calls one after the other, now and then. */
export function batches(random: Random, hours: number, count: number, calls: number, every: number): number[][] {
  return Array.from({ length: count }, () => {
    let t = random.next() * hours * 3600 * 0.95;
    return Array.from(
      { length: Math.ceil(random.between(calls / 2, calls * 2)) },
      () => (t += random.exponential(every)),
    );
  });
}

export function singles(times: readonly number[], calls: Calls): Asked[] {
  return times.map((t) => {
    const prompt = whole(calls.prompt(t, 0));
    const output = answer(calls, t, prompt);
    const numPredict = calls.numPredict ?? null;
    return { t, client: calls.client, conversation: null, prompt, output, cachedPrefix: 0, numPredict };
  });
}

export function chats(random: Random, starts: readonly number[], habits: Chats): Asked[] {
  return starts.flatMap((start, index) => {
    const asked: Asked[] = [];
    const goesOn = 1 - 1 / random.logNormal(habits.meanTurns, 0.5);
    let t = start;
    let prompt = whole(habits.prompt(t, 0));
    let cachedPrefix = 0;
    do {
      const output = answer(habits, t, prompt);
      const conversation = `${habits.client}-${index}`;
      asked.push({ ...habits, t, conversation, prompt, output, cachedPrefix, numPredict: habits.numPredict ?? null });
      const said = Math.ceil(output * (1 - (habits.dropped ?? 0)));
      cachedPrefix = habits.dropped === undefined ? prompt + output : prompt;
      prompt += said + whole(habits.increment(t, prompt));
      t += 2 + output / 45 + random.exponential(habits.pause);
    } while (random.chance(goesOn));
    return asked;
  });
}

function answer({ output, numPredict }: Calls, t: number, prompt: number): number {
  return Math.min(whole(output(t, prompt)), numPredict ?? Infinity);
}

function whole(tokens: number): number {
  return Math.max(1, Math.round(tokens));
}
