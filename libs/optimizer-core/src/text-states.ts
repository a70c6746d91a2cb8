/**
 * The automaton behind `measureText`: what kind of character stands where in which kind of run. One
 * table look-up a character and a count of the states passed give all the sizes; deciding by branches
 * instead took eight times as long.
 */

export const LETTER = 0;
export const CAPITAL = 1;
/** A letter beyond ASCII of an alphabet. */
export const ALPHABET = 2;
export const DIGIT = 3;
export const SYMBOL = 4;
export const BLANK = 5;
export const LINE = 6;
/** A character of a script without spaces, or half of one beyond the basic plane. */
export const WIDE = 7;
const KINDS = 8;

/** Letters of a word up to which its length is told apart. */
export const LONGEST_RUN = 11;
/** Digits that tokenizers of the Llama 3 and GPT-4 kind take at once. */
const DIGIT_GROUP = 3;
/** Symbols in a row that usually fit one token. */
const SYMBOL_GROUP = 3;

// A run of n letters ending in a letter, a capital or an accented one is state n, 16 + n or 32 + n.
const CAPITALS = 16;
const ALPHABETS = 32;
/** First, second, third digit of a group: 48 to 50; likewise symbols. */
const DIGITS = 48;
const SYMBOLS = 52;
const START = 0;
const FIRST_BLANK = 56;
export const SECOND_BLANK = 57;
const MORE_BLANKS = 58;
const LINE_AFTER_SYMBOL = 59;
export const FIRST_LINE = 60;
const MORE_LINES = 61;
/** A number never takes the blank before it along, as words do. */
export const DIGIT_AFTER_BLANK = 62;
const WIDE_STATE = 63;
export const STATES = 64;

/** States in which a piece begins; tokenizers never merge across pieces. */
export const PIECE_STATES = [
  1,
  CAPITALS + 1,
  DIGITS,
  SYMBOLS,
  SECOND_BLANK,
  FIRST_LINE,
  DIGIT_AFTER_BLANK,
  // The blank that it did not take along.
  DIGIT_AFTER_BLANK,
] as const;

/** States of a digit. */
export const DIGIT_STATES: readonly number[] = [DIGITS, DIGITS + 1, DIGITS + 2, DIGIT_AFTER_BLANK];

/** States that end a run without white space: white space, and the characters of scripts that have none. */
export const GAP_STATES: readonly number[] = [
  FIRST_BLANK,
  SECOND_BLANK,
  MORE_BLANKS,
  LINE_AFTER_SYMBOL,
  FIRST_LINE,
  MORE_LINES,
  WIDE_STATE,
];

/** States of the n-th letter of a word. */
export function letterStates(n: number): readonly number[] {
  return [n, CAPITALS + n];
}

/** `TRANSITIONS[state * 8 + kind]` is the next state. */
export const TRANSITIONS = Uint8Array.from({ length: STATES * KINDS }, (_, index) =>
  next(Math.floor(index / KINDS), index % KINDS),
);

function next(state: number, kind: number): number {
  const letters = state < DIGITS ? state % CAPITALS : 0;
  const longer = Math.min(letters + 1, LONGEST_RUN);
  switch (kind) {
    case LETTER:
      return longer;
    case CAPITAL:
      // A capital after a small letter begins a word; capitals in a row are one.
      return CAPITALS + (state > CAPITALS && state < ALPHABETS ? longer : 1);
    case ALPHABET:
      return ALPHABETS + longer;
    case DIGIT:
      if (state === FIRST_BLANK) return DIGIT_AFTER_BLANK;
      return DIGITS + (digitsBefore(state) % DIGIT_GROUP);
    case SYMBOL:
      return SYMBOLS + (symbolsBefore(state) % SYMBOL_GROUP);
    case BLANK:
      if (state === FIRST_BLANK) return SECOND_BLANK;
      return state === SECOND_BLANK || state === MORE_BLANKS ? MORE_BLANKS : FIRST_BLANK;
    case LINE:
      // Line breaks go with the symbol before them.
      if (symbolsBefore(state) > 0) return LINE_AFTER_SYMBOL;
      return state >= LINE_AFTER_SYMBOL && state <= MORE_LINES ? MORE_LINES : FIRST_LINE;
    default:
      return WIDE_STATE;
  }
}

function digitsBefore(state: number): number {
  if (state === DIGIT_AFTER_BLANK) return 1;
  return state >= DIGITS && state < DIGITS + DIGIT_GROUP ? state - DIGITS + 1 : 0;
}

function symbolsBefore(state: number): number {
  return state >= SYMBOLS && state < SYMBOLS + SYMBOL_GROUP ? state - SYMBOLS + 1 : 0;
}

/** The state before the first character: no run of anything. */
export const FIRST_STATE = START;
