import { ask, type Heard, type Sampling } from './quality-ask.js';
import type { Prompt } from './quality-prompts.js';

export type Verdict =
  /** Direct was whole, and the gateway's answer is the same. */
  | 'equal'
  /** Direct was cut or refused; the gateway's answer is that of an ample window. */
  | 'equal to ample'
  /** As it should be, but the server says something else when it is asked the same again. */
  | 'server differs from itself'
  /** The gateway's answer is that of an ample window, and direct, though not cut, says something else. */
  | 'window changes the answer'
  | 'different';

export interface Compared {
  readonly prompt: Prompt;
  readonly isCut: boolean;
  readonly verdict: Verdict;
  readonly direct: Heard;
  readonly gateway: Heard;
  /** Asked only where the two differ or direct was cut. */
  readonly ample: Heard | null;
  readonly again: Heard | null;
}

export interface Sides {
  readonly direct: string;
  readonly gateway: string;
  /** A window that holds everything, tokens. */
  readonly ample: number;
}

export type Progress = (what: string, done: number, total: number) => void;

async function each(
  what: string,
  prompts: readonly Prompt[],
  progress: Progress,
  one: (prompt: Prompt) => Promise<Heard>,
): Promise<Map<number, Heard>> {
  const heard = new Map<number, Heard>();
  for (const prompt of prompts) {
    heard.set(prompt.number, await one(prompt));
    progress(what, heard.size, prompts.length);
  }
  return heard;
}

function isSame(one: Heard, other: Heard | null): boolean {
  return other !== null && one.refusal === null && other.refusal === null && one.text === other.text;
}

function verdictOf(isCut: boolean, direct: Heard, gateway: Heard, ample: Heard | null, again: Heard | null): Verdict {
  if (!isCut && isSame(direct, gateway)) return 'equal';
  if (isSame(gateway, ample)) return isCut ? 'equal to ample' : 'window changes the answer';
  const reference = isCut ? ample : direct;
  return again !== null && reference !== null && !isSame(reference, again) ? 'server differs from itself' : 'different';
}

/**
 * Asks everything direct, then through the gateway, then what has to be explained with an ample window, and twice:
 * side by side, each would have the other's window reloaded.
 */
export async function compareQuality(
  prompts: readonly Prompt[],
  { direct: url, gateway: through, ample: window }: Sides,
  sampling: Sampling,
  progress: Progress,
): Promise<Compared[]> {
  const direct = await each('direct', prompts, progress, (one) => ask(url, one, sampling, null));
  const gateway = await each('gateway', prompts, progress, (one) => ask(through, one, sampling, null));
  const open = prompts.filter(({ number }) => !isSame(direct.get(number)!, gateway.get(number)!));
  // A cut shows in the count even where a model of few words says the same.
  const fewer = ({ number }: Prompt) => direct.get(number)!.promptTokens < gateway.get(number)!.promptTokens;
  const asked = [...new Set([...open, ...prompts.filter(fewer)])];
  const ample = await each('ample', asked, progress, (one) => ask(url, one, sampling, window));
  const isCut = ({ number }: Prompt) => (ample.get(number)?.promptTokens ?? 0) > direct.get(number)!.promptTokens;
  const differing = asked.filter(
    (one) =>
      !isSame(gateway.get(one.number)!, ample.get(one.number)!) &&
      !isSame(direct.get(one.number)!, gateway.get(one.number)!),
  );
  const again = await each('again', differing, progress, (one) => ask(url, one, sampling, isCut(one) ? window : null));
  return prompts.map((prompt) => {
    const { number } = prompt;
    const four = [
      direct.get(number)!,
      gateway.get(number)!,
      ample.get(number) ?? null,
      again.get(number) ?? null,
    ] as const;
    const verdict = verdictOf(isCut(prompt), ...four);
    return { prompt, isCut: isCut(prompt), verdict, direct: four[0], gateway: four[1], ample: four[2], again: four[3] };
  });
}
