/** In a sketch's sides: it stands at the start of the text, */
export const AT_START = 1;
/** at its end, */
export const AT_END = 2;
/** labels what follows ("Question:") at the start of a line, */
export const A_LABEL = 4;
/** is long enough to be known by its head and its tail too, but not so long that they do not overlap, */
export const OVERLAPPING = 8;
/** or is one of these, right behind the whole. */
export const PART = 16;

/**
 * What detection keeps in memory of a prompt: keyed hashes, never text. Keys are 52-bit whole numbers.
 */
export interface PromptSketch {
  /** Of all that was read: equal texts have equal keys. */
  readonly exact: number;
  /** Messages follow the first of the user's: a later turn of a conversation. */
  readonly grown: boolean;
  /** Nodes of the opening from the first that can matter on: running hashes after a word. */
  readonly nodes: Float64Array;
  /** Words that speak for each node; those of a short system prompt do not count. */
  readonly depths: Uint16Array;
  /** Segments of the whole, each key once, with what they weigh. */
  readonly segments: Float64Array;
  readonly weights: Uint8Array;
  /** What each of them is, in the bits above. */
  readonly sides: Uint8Array;
  /** The text is one paragraph, as people write who talk. */
  readonly paragraph: boolean;
}
