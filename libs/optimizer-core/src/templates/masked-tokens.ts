import { finish, keyFrom, mixHigh, mixLow, type Lanes } from '../keyed-hash.js';
import { classOf, COLON, DIGIT, LETTER, MARK, NEWLINE, QUOTE, SENTENCE_END, SPACE, WIDE } from './character-classes.js';
import { pathIn } from './path-shape.js';
import { BREAK, LABEL, MASKED, QUOTED, SENTENCE, SIGN, TokenBuffer, WORD } from './token-buffer.js';

const NAMES_OF_TIME = (
  'Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun ' +
  'January February March April May June July August September October November December ' +
  'Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec AM PM am pm'
).split(' ');
const APOSTROPHES = new Set([0x27, 0x2019]);
const BACKSLASH = 0x5c;
const SMALL_N = 0x6e;
/** . , : - / */
const JOINTS = new Set([0x2e, 0x2c, 0x3a, 0x2d, 0x2f]);

/**
 * Reads text as tokens in which whatever looks like a clock, an id, a path or an address is one and
 * the same: two prompts of a template differ there from call to call. Linear in the characters read.
 */
export class MaskedTokens {
  readonly #key: Lanes;
  readonly #times: ReadonlySet<number>;

  constructor(key: Lanes) {
    this.#key = key;
    this.#times = new Set(NAMES_OF_TIME.map((name) => this.#hashOf(name)));
  }

  /** Adds the tokens of `text` between two offsets. */
  read(text: string, from: number, to: number, out: TokenBuffer): void {
    let i = from;
    let chunkEnd = from;
    let path = -1;
    let pathEnd = -1;
    while (i < to) {
      const unit = text.charCodeAt(i);
      const kind = classOf(unit);
      if (kind <= NEWLINE) {
        if (kind === NEWLINE && out.lastKind() < BREAK) out.push(BREAK, 0, 0);
        i++;
        continue;
      }
      if (unit === BACKSLASH && escapesBreak(text, i + 1, to)) {
        if (out.lastKind() < BREAK) out.push(BREAK, 0, 0);
        i += 2;
        continue;
      }
      if (i >= chunkEnd) {
        chunkEnd = endOfChunk(text, i, to);
        path = pathIn(text, i, chunkEnd);
        pathEnd = path < 0 ? -1 : endOfPath(text, path, chunkEnd);
      }
      if (i === path) {
        this.#mask(out);
        i = pathEnd;
      } else if (kind === LETTER || kind === DIGIT) {
        i = this.#word(text, i, to, out);
      } else {
        this.#sign(text, i, to, kind, out);
        i++;
      }
    }
  }

  #word(text: string, from: number, to: number, out: TokenBuffer): number {
    let high = this.#key.high;
    let low = this.#key.low;
    let digits = false;
    let i = from;
    for (; i < to; i++) {
      const unit = text.charCodeAt(i);
      const kind = classOf(unit);
      if (kind === DIGIT) digits = true;
      else if (kind !== LETTER && !(APOSTROPHES.has(unit) && letterAt(text, i + 1, to))) break;
      high = mixHigh(high, unit);
      low = mixLow(low, unit);
    }
    if (digits) {
      this.#mask(out);
      return endOfNumber(text, i, to);
    }
    const h = finish(high, low);
    const l = finish(low, high);
    if (i - from <= 9 && this.#times.has(keyFrom(h, l))) this.#mask(out);
    else out.push(WORD, h, l);
    return i;
  }

  #sign(text: string, at: number, to: number, kind: number, out: TokenBuffer): void {
    const unit = text.charCodeAt(at);
    const high = mixHigh(this.#key.high, unit + 0x10000);
    const low = mixLow(this.#key.low, unit + 0x10000);
    out.push(tokenKind(text, at, to, kind), finish(high, low), finish(low, high));
  }

  /** A date of several parts is one thing. */
  #mask(out: TokenBuffer): void {
    if (out.lastKind() !== MASKED) out.push(MASKED, this.#key.low, this.#key.high);
  }

  #hashOf(word: string): number {
    let { high, low } = this.#key;
    for (let i = 0; i < word.length; i++) {
      high = mixHigh(high, word.charCodeAt(i));
      low = mixLow(low, word.charCodeAt(i));
    }
    return keyFrom(finish(high, low), finish(low, high));
  }
}

function tokenKind(text: string, at: number, to: number, kind: number): number {
  switch (kind) {
    case WIDE:
      return WORD;
    case QUOTE:
      return QUOTED;
    case SENTENCE_END:
      return text.charCodeAt(at) > 0x7f || endsHere(text, at + 1, to) ? SENTENCE : SIGN;
    case COLON:
      return endsHere(text, at + 1, to) ? LABEL : SIGN;
    default:
      return SIGN;
  }
}

function endsHere(text: string, at: number, to: number): boolean {
  if (at >= to) return true;
  const kind = classOf(text.charCodeAt(at));
  return kind <= NEWLINE || kind === QUOTE || kind === WIDE || text.charCodeAt(at) === 0x29;
}

/** A line break as JSON and source code write it; `\\nabla` and the like are none. */
function escapesBreak(text: string, at: number, to: number): boolean {
  if (at >= to || text.charCodeAt(at) !== SMALL_N) return false;
  const next = at + 1 < to ? text.charCodeAt(at + 1) : 0;
  return next < 0x61 || next > 0x7a;
}

function letterAt(text: string, at: number, to: number): boolean {
  return at < to && classOf(text.charCodeAt(at)) === LETTER;
}

function endOfChunk(text: string, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const kind = classOf(text.charCodeAt(i));
    if (kind === SPACE || kind === NEWLINE || kind === WIDE) break;
    if (text.charCodeAt(i) === BACKSLASH && escapesBreak(text, i + 1, to)) break;
    i++;
  }
  return i === from ? from + 1 : i;
}

function endOfPath(text: string, from: number, to: number): number {
  let end = to;
  while (end > from + 1) {
    const kind = classOf(text.charCodeAt(end - 1));
    if (kind === LETTER || kind === DIGIT) break;
    if (kind === MARK && text.charCodeAt(end - 1) === 0x2f) break;
    end--;
  }
  return end;
}

/** Numbers joined by a sign are one: 12:30:05, 2024-05-15, 1,299.00, 3/4. */
function endOfNumber(text: string, from: number, to: number): number {
  let i = from;
  while (i + 1 < to && JOINTS.has(text.charCodeAt(i)) && classOf(text.charCodeAt(i + 1)) === DIGIT) {
    i += 2;
    while (i < to && isWordUnit(text.charCodeAt(i))) i++;
  }
  return i;
}

function isWordUnit(unit: number): boolean {
  const kind = classOf(unit);
  return kind === LETTER || kind === DIGIT;
}
