/** Letters of a word that usually fit one token; the rest is counted as excess. */
const WORD_LETTERS = 6;
/** Digits that tokenizers of the Llama 3 and GPT-4 kind take at once. */
const DIGIT_GROUP = 3;
/** Symbols in a row that usually fit one token. */
const SYMBOL_GROUP = 3;

/** Sizes of a text that a token count can be estimated from, summed over the texts it was given. */
export class TextMeasure {
  /** UTF-8 bytes. */
  bytes = 0;
  /** Characters beyond Latin-1, typographic punctuation aside. */
  wideChars = 0;
  digitChars = 0;
  /**
   * Pieces that tokenizers never merge across: words (a capital inside one starts another), groups of
   * three digits, symbols by threes, runs of white space other than the one blank before a word.
   */
  pieces = 0;
  /** Letters beyond the sixth of each word. */
  excessLetters = 0;
}

const NONE = 0;
const LETTER = 1;
const CAPITAL = 2;
const DIGIT = 3;
const SYMBOL = 4;
const BLANK = 5;
const LINE = 6;
const WIDE = 7;

type Kind =
  | typeof NONE
  | typeof LETTER
  | typeof CAPITAL
  | typeof DIGIT
  | typeof SYMBOL
  | typeof BLANK
  | typeof LINE
  | typeof WIDE;

/** Adds a text to `measure`, in one pass without allocation. */
export function measureText(text: string, measure: TextMeasure): void {
  let bytes = 0;
  let wide = 0;
  let digits = 0;
  let pieces = 0;
  let excess = 0;
  let last: Kind = NONE;
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    const kind = unit < 0x80 ? ASCII[unit]! : kindBeyondAscii(unit);
    if (kind === WIDE) {
      wide++;
      // A surrogate pair is one character of four bytes, and was counted as two of three.
      if (unit >= 0xd800 && unit <= 0xdbff) bytes -= 2;
    } else if (kind === LETTER || (kind === CAPITAL && last === CAPITAL)) {
      if (last === LETTER || last === CAPITAL) run++;
      else {
        pieces++;
        run = 1;
      }
      if (run > WORD_LETTERS) excess++;
    } else if (kind === CAPITAL) {
      pieces++;
      run = 1;
    } else if (kind === DIGIT) {
      digits++;
      run = last === DIGIT ? run + 1 : 1;
      if (run % DIGIT_GROUP === 1) pieces++;
    } else if (kind === SYMBOL) {
      run = last === SYMBOL ? run + 1 : 1;
      if (run % SYMBOL_GROUP === 1) pieces++;
    } else {
      // One blank belongs to the word behind it; a second one makes a run of its own.
      run = last === kind ? run + 1 : 1;
      if (run === (kind === BLANK ? 2 : 1)) pieces++;
    }
    last = kind;
  }
  measure.bytes += bytes;
  measure.wideChars += wide;
  measure.digitChars += digits;
  measure.pieces += pieces;
  measure.excessLetters += excess;
}

const ASCII: readonly Kind[] = Array.from({ length: 0x80 }, (_, unit): Kind => {
  if (unit >= 97 && unit <= 122) return LETTER;
  if (unit >= 65 && unit <= 90) return CAPITAL;
  if (unit >= 48 && unit <= 57) return DIGIT;
  if (unit === 32) return BLANK;
  return unit >= 9 && unit <= 13 ? LINE : SYMBOL;
});

function kindBeyondAscii(unit: number): Kind {
  if (unit < 0xc0) return SYMBOL;
  if (unit < 0x100) return LETTER;
  return unit >= 0x2010 && unit <= 0x2027 ? SYMBOL : WIDE;
}
