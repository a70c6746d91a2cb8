import { commonPrefix, type TokenText } from './tokenizer.js';

/** Default size of the cache that old prompts go to, bytes of host memory. */
export const HOST_CACHE_BYTES = 8 * 1024 ** 3;

/**
 * What a runner remembers of earlier prompts: the last one of each slot, and in host memory those
 * that another prompt pushed out of a slot. Dies with the runner.
 */
export class PrefixCache {
  readonly #slots: (TokenText | null)[];
  readonly #hostTokens: number;
  /** Oldest first. */
  readonly #host: TokenText[] = [];

  /** `kvBytesPerToken` turns the host cache's bytes into tokens. */
  constructor(slots: number, kvBytesPerToken: number, hostBytes = HOST_CACHE_BYTES) {
    this.#slots = Array.from({ length: slots }, () => null);
    this.#hostTokens = kvBytesPerToken > 0 ? Math.floor(hostBytes / kvBytesPerToken) : 0;
  }

  /** The idle slot that shares the longest prefix with a prompt; the first idle one when none does. */
  bestSlot(prompt: TokenText, idle: readonly number[]): number {
    let best = idle[0] ?? 0;
    let shared = -1;
    for (const slot of idle) {
      const held = this.#slots[slot] ?? null;
      const common = held === null ? 0 : commonPrefix(held, prompt);
      if (common > shared) {
        best = slot;
        shared = common;
      }
    }
    return best;
  }

  /**
   * Puts a prompt into a slot; returns how many of its tokens need no evaluation. At least one always
   * does: the runner needs the last token's logits to go on.
   */
  begin(slot: number, prompt: TokenText): number {
    const held = this.#slots[slot] ?? null;
    const inSlot = held === null ? 0 : commonPrefix(held, prompt);
    const { at, shared } = this.#bestHost(prompt);
    const better = shared > inSlot;
    if (better) this.#host.splice(at, 1);
    if (held !== null && inSlot < held.ends.length / 2) this.#remember(held);
    this.#slots[slot] = prompt;
    return Math.max(0, Math.min(Math.max(inSlot, shared), prompt.ends.length - 1));
  }

  /** What the slot holds once the answer is there too. */
  end(slot: number, promptAndAnswer: TokenText): void {
    this.#slots[slot] = promptAndAnswer;
  }

  #bestHost(prompt: TokenText): { readonly at: number; readonly shared: number } {
    let at = -1;
    let shared = 0;
    this.#host.forEach((entry, index) => {
      const common = commonPrefix(entry, prompt);
      if (common > shared) {
        at = index;
        shared = common;
      }
    });
    return { at, shared };
  }

  #remember(tokens: TokenText): void {
    this.#host.push(tokens);
    let held = this.#host.reduce((sum, entry) => sum + entry.ends.length, 0);
    while (held > this.#hostTokens) {
      const oldest = this.#host.shift();
      if (oldest === undefined) return;
      held -= oldest.ends.length;
    }
  }
}
