import type { RequestFeatures } from './request.js';

/**
 * Tokens per unit of each size, before a model is known. Fitted to the counts of a Llama 3
 * tokenizer; docs/decisions/token-estimate.md has the error on each kind of text.
 */
export const TOKENS_PER = {
  /** What every chat template puts in front. */
  request: 6,
  piece: 0.99,
  excessLetter: 0.07,
  wideChar: 0.84,
  alphabetChar: 0.45,
  toolPiece: 1,
  /** Role markers and line breaks around a message. */
  message: 5,
  /** Between the 256 of small projectors and the 1,600 and more of tiled ones. */
  image: 768,
  contextToken: 1,
} as const;

/** What a prompt's tokens are counted from. Position i of each of the arrays below is about the same size. */
export type PromptSizes = readonly number[];

/** Tokens per unit that are expected before a model is known. */
export const EXPECTED_TOKENS: readonly number[] = [
  // Of a chat and of a prompt: many a model's template wraps only one of them.
  TOKENS_PER.request,
  TOKENS_PER.request,
  TOKENS_PER.piece,
  TOKENS_PER.excessLetter,
  TOKENS_PER.wideChar,
  TOKENS_PER.alphabetChar,
  TOKENS_PER.toolPiece,
  TOKENS_PER.message,
  TOKENS_PER.image,
  TOKENS_PER.contextToken,
  // Digits and opaque characters are counted among the pieces; what they take beyond is learnt.
  0,
  0,
];

/** How far a model may be from them, tokens per unit: one standard deviation, beside what moves all of them. */
export const EXPECTED_SPREAD: readonly number[] = [12, 12, 0.08, 0.05, 0.25, 0.2, 0.3, 3, 600, 0.02, 0.1, 0.1];

export function sizesOf(features: RequestFeatures): PromptSizes {
  if (features.preload || features.unload) return EXPECTED_TOKENS.map(() => 0);
  return [
    features.route === 'chat' ? 1 : 0,
    features.route === 'chat' ? 0 : 1,
    features.pieces,
    features.excessLetters,
    features.wideChars,
    features.alphabetChars,
    features.toolPieces,
    features.messageCount,
    features.imageCount,
    features.contextTokens,
    features.digitChars,
    features.opaqueChars,
  ];
}

/** Sizes of a prompt of which no more is known than its raw estimate, tokens. */
export function sizesOfRaw(raw: number): PromptSizes {
  const sizes = EXPECTED_TOKENS.map(() => 0);
  sizes[0] = 1;
  sizes[PIECES] = Math.max(0, raw - TOKENS_PER.request) / TOKENS_PER.piece;
  return sizes;
}

const PIECES = EXPECTED_TOKENS.indexOf(TOKENS_PER.piece);

/** Tokens that a tokenizer of the Llama 3 kind would count, uncalibrated. */
export function rawTokens(sizes: PromptSizes): number {
  return sizes.reduce((sum, size, i) => sum + size * EXPECTED_TOKENS[i]!, 0);
}
