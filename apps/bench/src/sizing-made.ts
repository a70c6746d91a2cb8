import { Random } from './sizing-random.js';
import { arrivals, batches, chats, singles, type Asked, type Length } from './sizing-streams.js';
import type { Hardware, Workload } from './sizing-workload.js';

/** What an estimator misses by, as a deviation of the log. */
const ESTIMATE_DEVIATION = 0.09;

/** A small card under a model that nearly fills it. */
export const CARD: Hardware = {
  vram_gib: 8,
  weights_gib: 4.9,
  overhead_gib: 0.6,
  kv_kib_per_token: 128,
  load_s: 3.5,
  load_s_per_kv_gib: 0.15,
  prefill_tps: 1800,
  decode_tps: 45,
  max_ctx: 131_072,
  default_ctx: 4096,
  keep_alive_s: 300,
  cpu_slowdown: 9,
  memory_price_s: 25,
};

const MACHINES: readonly Hardware[] = [
  CARD,
  { ...CARD, vram_gib: 24, weights_gib: 9, kv_kib_per_token: 160, load_s: 6, prefill_tps: 2500, default_ctx: 32_768 },
  { ...CARD, vram_gib: 48, weights_gib: 19, kv_kib_per_token: 256, load_s: 9, prefill_tps: 1500, decode_tps: 30 },
  {
    ...CARD,
    vram_gib: 64,
    weights_gib: 2,
    kv_kib_per_token: 56,
    load_s: 2,
    prefill_tps: 60,
    decode_tps: 9,
    cpu_slowdown: 1,
  },
];

type Make = (random: Random, hours: number) => Asked[];

const logNormal =
  (random: Random, median: number, deviation: number, most = 100_000): Length =>
  () =>
    Math.min(most, random.logNormal(median, deviation));

/** Shapes of traffic with the statistics of public traces, their scales drawn anew for each seed. */
export const SHAPES: Readonly<Record<string, Make>> = {
  /** Chats with their title calls, and a summariser. */
  chats(random, hours) {
    const starts = arrivals(random, hours, random.between(15, 50), 2, 0.5);
    const cap = random.between(1000, 4000);
    const chat = {
      client: 'chat',
      prompt: logNormal(random, cap / 2, 1, cap),
      output: logNormal(random, 350, 0.9, 1024),
    };
    return [
      ...chats(random, starts, { ...chat, increment: logNormal(random, 500, 1.2, 1500), meanTurns: 2.5, pause: 40 }),
      ...titles(random, starts),
      ...singles(arrivals(random, hours, 14, 3, 1), {
        client: 'summary',
        prompt: logNormal(random, 2700, 0.5, 4000),
        output: logNormal(random, 170, 0.6),
        numPredict: 512,
      }),
    ];
  },
  /** An agent whose turns grow, and an editor's completions. */
  agents(random, hours) {
    const first = random.between(3000, 12_000);
    return [
      ...chats(random, arrivals(random, hours, random.between(8, 25), 3, 0.7), {
        client: 'agent',
        prompt: logNormal(random, first, 0.5, first * 1.6),
        output: logNormal(random, 300, 0.8, 2000),
        increment: logNormal(random, random.between(500, 1500), 0.8, 6000),
        meanTurns: random.between(3, 8),
        pause: random.between(5, 60),
      }),
      ...singles(arrivals(random, hours, random.between(40, 120), 2, 0.4), {
        client: 'editor',
        prompt: logNormal(random, 60, 1.4, 4000),
        output: logNormal(random, 10, 1.5, 400),
      }),
    ];
  },
  /** Many single calls of people, and one batch. */
  people(random, hours) {
    const cap = random.between(3000, 8000);
    const prompt: Length = () => (random.chance(0.01) ? random.between(cap, 2 * cap) : random.logNormal(cap / 4, 0.9));
    return [
      ...singles(arrivals(random, 2 * hours, 130, 1, 0.15), {
        client: 'people',
        prompt: (t, p) => Math.min(2 * cap, prompt(t, p)),
        output: logNormal(random, 140, 0.8, 1000),
      }),
      ...batches(random, 2 * hours, 1, 400, 25).flatMap((times) =>
        singles(times, {
          client: 'judge',
          prompt: logNormal(random, 1600, 0.4),
          output: logNormal(random, 220, 0.25),
        }),
      ),
    ];
  },
  /** Short calls, and rarely one of tens of thousands of tokens. */
  rarelyLong(random, hours) {
    return [
      ...singles(arrivals(random, hours, random.between(60, 150), 1.5, 0.5), {
        client: 'short',
        prompt: logNormal(random, 800, 0.7, 1500),
        output: logNormal(random, 130, 0.8, 500),
      }),
      ...singles(arrivals(random, hours, random.between(2, 6), 3, 0.5), {
        client: 'long',
        prompt: logNormal(random, random.between(9000, 25_000), 0.5, 60_000),
        output: logNormal(random, 300, 0.7, 1000),
      }),
    ];
  },
  /** Lengths that rise and fall by a factor over hours, or step at once. */
  drifting(random, hours) {
    const factor = random.between(2, 6);
    const period = random.between(2, 8) * 3600;
    const steps = random.chance(0.5);
    const scale = (t: number): number => {
      const phase = (t % period) / period;
      return steps ? (phase < 0.5 ? 1 : factor) : factor ** (Math.sin(2 * Math.PI * phase) / 2 + 0.5);
    };
    const base = random.between(500, 2500);
    return [
      ...singles(arrivals(random, hours, random.between(50, 150), 2, 0.4), {
        client: 'extract',
        prompt: (t) => scale(t) * random.logNormal(base, 0.35),
        output: (t) => scale(t) ** 0.5 * random.logNormal(150, 0.5),
      }),
      ...chats(random, arrivals(random, hours, 10, 2, 1), {
        client: 'chat',
        prompt: (t) => scale(t) * random.logNormal(base / 2, 0.6),
        output: logNormal(random, 300, 0.7, 1500),
        increment: (t) => scale(t) * random.logNormal(200, 0.7),
        meanTurns: 3,
        pause: 40,
      }),
    ];
  },
  /** Questions with found passages in front: huge prompts, short answers; and small talk between. */
  retrieval(random, hours) {
    const size = random.between(8000, 30_000);
    const found = logNormal(random, size, random.between(0.3, 0.7), 110_000);
    return [
      ...singles(arrivals(random, hours, random.between(15, 60), 1, 0.6), {
        client: 'retrieval',
        prompt: found,
        output: logNormal(random, 250, 0.7, 1500),
      }),
      ...chats(random, arrivals(random, hours, random.between(5, 20), 2, 0.6), {
        client: 'assistant',
        prompt: logNormal(random, 800, 0.7),
        output: logNormal(random, 250, 0.8, 1500),
        increment: logNormal(random, 100, 1, 3000),
        meanTurns: 3,
        pause: 30,
      }),
      ...singles(arrivals(random, hours, 60, 1, 0.6), {
        client: 'rewrite',
        prompt: logNormal(random, 250, 0.5),
        output: logNormal(random, 30, 0.4),
      }),
    ];
  },
  /** Models that think: long answers with a heavy tail, most of them left out of the history. */
  thinking(random, hours) {
    const median = random.between(600, 2500);
    const output = logNormal(random, median, random.between(0.7, 1), 32_000);
    return [
      ...chats(random, arrivals(random, hours, random.between(8, 25), 2, 0.5), {
        client: 'thinker',
        prompt: logNormal(random, 600, 0.8, 6000),
        output,
        increment: logNormal(random, 150, 1, 3000),
        meanTurns: random.between(1.5, 5),
        pause: 45,
        dropped: 0.7,
      }),
      ...singles(arrivals(random, hours, random.between(5, 30), 2, 0.5), {
        client: 'solver',
        prompt: logNormal(random, 1200, 0.6),
        output: (_, prompt) => Math.min(32_000, random.logNormal(median, 0.8) * (prompt / 1200) ** 0.3),
      }),
    ];
  },
  /** Batches of documents, each batch with lengths of its own: an answer is about as long as its prompt. */
  translation(random, hours) {
    const ratio = random.between(0.7, 1.3);
    return [
      ...batches(random, hours, Math.ceil(random.between(4, 12)), 60, random.between(15, 60)).flatMap((times) => {
        const median = random.between(500, 6000);
        return singles(times, {
          client: 'translator',
          prompt: logNormal(random, median, 0.45, 12_000),
          output: (_, prompt) => prompt * ratio * random.logNormal(1, 0.1),
        });
      }),
      ...singles(arrivals(random, hours, 15, 1, 0.5), {
        client: 'glossary',
        prompt: logNormal(random, 300, 0.6),
        output: logNormal(random, 60, 0.7),
      }),
    ];
  },
};

/** One workload of a shape, on a machine drawn by the same seed. */
export function makeWorkload(shape: string, seed: number): Workload {
  const rank = Object.keys(SHAPES).indexOf(shape);
  const random = new Random(seed * 31 + rank);
  const hardware = varied(random, MACHINES[(seed + rank) % MACHINES.length]!);
  const most = hardware.max_ctx - 2048;
  const asked = SHAPES[shape]!(random, 8)
    .filter(({ prompt, output }) => prompt + output < most)
    .toSorted((a, b) => a.t - b.t);
  return { hardware, requests: asked.map((one, index) => requestOf(random, one, String(index))) };
}

/** Every constant that a machine can differ in, by up to 1.6 either way. */
export function varied(random: Random, machine: Hardware): Hardware {
  const other = (value: number): number => value * random.between(1 / 1.6, 1.6);
  return {
    ...machine,
    load_s: other(machine.load_s),
    prefill_tps: other(machine.prefill_tps),
    decode_tps: other(machine.decode_tps),
    kv_kib_per_token: Math.round(other(machine.kv_kib_per_token)),
    memory_price_s: other(machine.memory_price_s),
  };
}

function requestOf(random: Random, asked: Asked, id: string): Workload['requests'][number] {
  const { t, client, conversation, prompt, output, cachedPrefix, numPredict } = asked;
  const promptEstimate = Math.max(1, Math.round(random.logNormal(prompt * 0.98, ESTIMATE_DEVIATION)));
  return {
    arrival: { id, t, promptEstimate, numCtx: null, numPredict, template: client, conversation },
    outcome: { promptTokens: prompt, outputTokens: output, cachedPrefix },
  };
}

function titles(random: Random, starts: readonly number[]): Asked[] {
  const prompt = logNormal(random, 800, 0.4, 1080);
  return singles(
    starts.map((t) => t + 1),
    { client: 'title', prompt, output: logNormal(random, 8, 0.3) },
  );
}
