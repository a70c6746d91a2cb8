import { finish, mixHigh, mixLow, toHex } from './keyed-hash.js';
import type { PromptSegment } from './request.js';
import type { TextMeasure } from './text-measure.js';

/** Earlier states of a conversation that are looked for: a turn of an agent adds up to so many messages. */
const EARLIER = 8;

/**
 * Fingerprints of a conversation as it is and of its last few earlier states, made of the sizes of its
 * messages alone: no text goes in, so that none could be tried against them. Two conversations that
 * are mistaken for each other have messages of the same sizes, and as good as the same token counts.
 */
export class ConversationTurns {
  readonly #states: string[] = [];
  #high: number;
  #low: number;

  constructor(tools: TextMeasure) {
    this.#high = 0xdeadbeef;
    this.#low = 0x41c6ce57;
    this.#mix(tools);
  }

  /** Takes in the next message. */
  add(role: PromptSegment['role'], message: TextMeasure): void {
    this.#take(ROLES.indexOf(role));
    this.#mix(message);
    this.#states.push(toHex({ high: finish(this.#high, this.#low), low: finish(this.#low, this.#high) }));
    if (this.#states.length > EARLIER + 1) this.#states.shift();
  }

  /** The latest state first. */
  get latestFirst(): readonly string[] {
    return this.#states.toReversed();
  }

  #mix(sizes: TextMeasure): void {
    this.#take(sizes.bytes);
    this.#take(sizes.pieces);
    this.#take(sizes.excessLetters);
    this.#take(sizes.digitChars);
    this.#take(sizes.wideChars);
    this.#take(sizes.alphabetChars);
  }

  #take(size: number): void {
    this.#high = mixHigh(this.#high, size);
    this.#low = mixLow(this.#low, size);
  }
}

const ROLES: readonly PromptSegment['role'][] = ['system', 'user', 'assistant', 'tool', 'prompt', 'suffix'];
