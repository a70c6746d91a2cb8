import { classOf, DIGIT, LETTER, MARK, QUOTE } from './character-classes.js';

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const AT = 0x40;
const DOT = 0x2e;
const LESS = 0x3c;
const COLON_SIGN = 0x3a;

/**
 * Where in a run without white space a path, a URL or an address begins; -1 when it has none. Tags
 * (`</content>`) and two words joined by a slash are none.
 */
export function pathIn(text: string, from: number, to: number): number {
  let slashes = 0;
  let at = -1;
  let dotAfter = false;
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i);
    if (unit === SLASH || unit === BACKSLASH) slashes++;
    else if (unit === AT && i > from) at = i;
    else if (unit === LESS) return -1;
    else if (unit === DOT && (slashes > 0 || at > 0) && alphanumeric(text, i + 1, to)) dotAfter = true;
  }
  if (slashes === 0) return at > 0 && dotAfter ? afterQuotes(text, from, to) : -1;
  const start = afterQuotes(text, from, to);
  if (start >= to) return -1;
  const first = text.charCodeAt(start);
  if (first === SLASH) return alphanumeric(text, start + 1, to) ? start : -1;
  if (slashes >= 2 || dotAfter) return letterOrRelative(text, start, to) ? start : -1;
  return first === COLON_SIGN ? -1 : driveLetter(text, start, to) ? start : -1;
}

function letterOrRelative(text: string, start: number, to: number): boolean {
  const first = text.charCodeAt(start);
  return alphanumeric(text, start, to) || first === DOT || first === 0x7e;
}

function driveLetter(text: string, start: number, to: number): boolean {
  return start + 2 < to && text.charCodeAt(start + 1) === COLON_SIGN && text.charCodeAt(start + 2) === BACKSLASH;
}

function afterQuotes(text: string, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const unit = text.charCodeAt(i);
    const kind = classOf(unit);
    if (unit === SLASH || unit === DOT || unit === 0x7e || (kind !== MARK && kind !== QUOTE)) break;
    i++;
  }
  return i;
}

function alphanumeric(text: string, at: number, to: number): boolean {
  if (at >= to) return false;
  const kind = classOf(text.charCodeAt(at));
  return kind === LETTER || kind === DIGIT;
}
