import {
  ALPHABET,
  BLANK,
  CAPITAL,
  DIGIT,
  DIGIT_STATES,
  FIRST_STATE,
  GAP_STATES,
  LETTER,
  letterStates,
  LINE,
  LONGEST_RUN,
  PIECE_STATES,
  STATES,
  SYMBOL,
  TRANSITIONS,
  WIDE,
} from './text-states.js';

/** Letters of a word that usually fit one token; the rest is counted as excess. */
const WORD_LETTERS = 6;
/** What a letter from the eleventh on counts: such words are compounds, inflected, or no words at all. */
const LONG_WORD_WEIGHT = 3;
/** Longer than this without white space is rarely language: base64, keys, minified code, long addresses. */
const OPAQUE_RUN = 32;

/** Sizes of a text that a token count can be estimated from, summed over the texts it was given. */
export class TextMeasure {
  /** UTF-8 bytes. */
  bytes = 0;
  /** Characters of scripts without spaces and pictographs; one outside the basic plane counts three. */
  wideChars = 0;
  /** Letters beyond ASCII of alphabets: accented Latin, Greek, Cyrillic, Arabic, the scripts of India. */
  alphabetChars = 0;
  digitChars = 0;
  /**
   * Pieces that tokenizers never merge across: words (a capital inside one starts another), groups of
   * three digits, symbols by threes, runs of white space other than the one blank before a word.
   */
  pieces = 0;
  /** Letters beyond the sixth of each word; those beyond the tenth count three. */
  excessLetters = 0;
  /** Characters in runs of more than 32 without white space. */
  opaqueChars = 0;
}

/** Adds one part's sizes to those of the whole. */
export function addMeasure(whole: TextMeasure, part: TextMeasure): void {
  for (const size of SIZES) whole[size] += part[size];
}

const SIZES = Object.keys(new TextMeasure()) as readonly (keyof TextMeasure)[];

/** Adds a text to `measure`, in one pass over its UTF-16 units. */
export function measureText(text: string, measure: TextMeasure): void {
  const passed = new Uint32Array(STATES);
  let { bytes, wideChars, alphabetChars, opaqueChars } = measure;
  let state = FIRST_STATE;
  let solid = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) state = AFTER_ASCII[(state << 7) | unit]!;
    else {
      const kind = kindBeyondAscii(unit);
      bytes += unit < 0x800 ? 1 : 2;
      if (kind === ALPHABET) alphabetChars++;
      else if (kind === WIDE) wideChars++;
      if (isHighSurrogate(unit)) {
        // Four bytes for the pair, not twice three; two or three tokens.
        bytes -= 2;
        wideChars++;
      }
      state = TRANSITIONS[state * 8 + kind]!;
    }
    passed[state]!++;
    // No branch: where words end cannot be foreseen, and a wrong guess costs more than all the rest.
    solid = (solid + 1) & SOLID[state]!;
    if (solid > OPAQUE_RUN) opaqueChars += solid === OPAQUE_RUN + 1 ? solid : 1;
  }
  measure.bytes = bytes + text.length;
  measure.wideChars = wideChars;
  measure.alphabetChars = alphabetChars;
  measure.digitChars += sum(passed, DIGIT_STATES);
  measure.opaqueChars = opaqueChars;
  measure.pieces += sum(passed, PIECE_STATES);
  measure.excessLetters += excessOf(passed);
}

function excessOf(passed: Uint32Array): number {
  let excess = LONG_WORD_WEIGHT * sum(passed, letterStates(LONGEST_RUN));
  for (let n = WORD_LETTERS + 1; n < LONGEST_RUN; n++) excess += sum(passed, letterStates(n));
  return excess;
}

function sum(passed: Uint32Array, states: readonly number[]): number {
  let total = 0;
  for (const state of states) total += passed[state]!;
  return total;
}

const ASCII = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  if (unit >= 97 && unit <= 122) return LETTER;
  if (unit >= 65 && unit <= 90) return CAPITAL;
  if (unit >= 48 && unit <= 57) return DIGIT;
  if (unit === 32) return BLANK;
  return unit >= 9 && unit <= 13 ? LINE : SYMBOL;
});

/** `AFTER_ASCII[(state << 7) | unit]` is the next state. */
const AFTER_ASCII = Uint8Array.from(
  { length: STATES * 0x80 },
  (_, index) => TRANSITIONS[(index >> 7) * 8 + ASCII[index & 0x7f]!]!,
);

/** All bits for the states in which a run without white space goes on, none for the others. */
const SOLID = Int32Array.from({ length: STATES }, (_, state) => (GAP_STATES.includes(state) ? 0 : -1));

function kindBeyondAscii(unit: number): number {
  if (unit < 0xc0) return SYMBOL;
  if (unit < 0x2000) return ALPHABET;
  return unit >= 0x2010 && unit <= 0x2027 ? SYMBOL : WIDE;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
