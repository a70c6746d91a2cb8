/** What a UTF-16 unit is to the tokenizer. */
export const SPACE = 0;
export const NEWLINE = 1;
export const LETTER = 2;
export const DIGIT = 3;
/** Scripts without spaces: each character is a token. */
export const WIDE = 4;
export const MARK = 5;
export const SENTENCE_END = 6;
export const QUOTE = 7;
export const COLON = 8;

const CLASSES = new Uint8Array(0x10000);

function range(from: number, to: number, kind: number): void {
  CLASSES.fill(kind, from, to + 1);
}

function each(characters: string, kind: number): void {
  for (let i = 0; i < characters.length; i++) CLASSES[characters.charCodeAt(i)] = kind;
}

range(0, 0x20, SPACE);
range(0x21, 0x7f, MARK);
range(48, 57, DIGIT);
range(65, 90, LETTER);
range(97, 122, LETTER);
range(0x80, 0xbf, MARK);
range(0xc0, 0x1fff, LETTER);
range(0x2000, 0x206f, MARK);
range(0x2070, 0x2e7f, MARK);
range(0x2e80, 0xabff, WIDE);
range(0xac00, 0xfeff, LETTER);
range(0x3000, 0x303f, MARK);
range(0xff00, 0xffff, MARK);
each('_ªµº', LETTER);
each('\n\r\u2028\u2029', NEWLINE);
each('\u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u3000', SPACE);
each('.!?。！？…', SENTENCE_END);
each('"`“”„«»「」『』', QUOTE);
each(':：', COLON);

export function classOf(unit: number): number {
  return CLASSES[unit]!;
}
