export type JsonText =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'empty' }
  | { readonly kind: 'invalid'; readonly message: string };

class SyntaxFault extends Error {}

const UNEXPECTED_END = 'unexpected EOF';

function quoted(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

/** Walks one JSON value as Go's decoder does, to stop where it stops and complain in its words. */
class Walker {
  #at = 0;

  constructor(private readonly text: string) {}

  /** Where the first value ends; throws a SyntaxFault. */
  end(): number {
    this.#value();
    return this.#at;
  }

  #fail(where: string): never {
    const char = this.text[this.#at];
    throw new SyntaxFault(char === undefined ? UNEXPECTED_END : `invalid character ${quoted(char)} ${where}`);
  }

  #space(): string | undefined {
    while (/[ \t\r\n]/.test(this.text[this.#at] ?? '')) this.#at += 1;
    return this.text[this.#at];
  }

  #value(): void {
    const char = this.#space();
    if (char === '{') this.#object();
    else if (char === '[') this.#array();
    else if (char === '"') this.#string();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else if (char !== undefined && /[-0-9]/.test(char)) this.#number();
    else this.#fail('looking for beginning of value');
  }

  #object(): void {
    this.#at += 1;
    if (this.#space() === '}') {
      this.#at += 1;
      return;
    }
    for (;;) {
      if (this.#space() !== '"') this.#fail('looking for beginning of object key string');
      this.#string();
      if (this.#space() !== ':') this.#fail('after object key');
      this.#at += 1;
      this.#value();
      const next = this.#space();
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair');
      this.#at += 1;
      if (next === '}') return;
    }
  }

  #array(): void {
    this.#at += 1;
    if (this.#space() === ']') {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#value();
      const next = this.#space();
      if (next !== ',' && next !== ']') this.#fail('after array element');
      this.#at += 1;
      if (next === ']') return;
    }
  }

  #string(): void {
    this.#at += 1;
    for (;;) {
      const char = this.text[this.#at];
      if (char === undefined || char < ' ') this.#fail('in string literal');
      this.#at += 1;
      if (char === '"') return;
      if (char === '\\') this.#escape();
    }
  }

  #escape(): void {
    const char = this.text[this.#at];
    if (char === undefined || !'"\\/bfnrtu'.includes(char)) this.#fail('in string escape code');
    this.#at += 1;
    if (char !== 'u') return;
    for (let i = 0; i < 4; i += 1) {
      if (!/[0-9a-fA-F]/.test(this.text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape');
      this.#at += 1;
    }
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i += 1) {
      if (this.text[this.#at] !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i]}')`);
      this.#at += 1;
    }
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.text[this.#at] ?? '')) this.#fail(where);
    while (/[0-9]/.test(this.text[this.#at] ?? '')) this.#at += 1;
  }

  #number(): void {
    if (this.text[this.#at] === '-') this.#at += 1;
    if (this.text[this.#at] === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.text[this.#at] === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.#at] ?? '')) {
      this.#at += 1;
      if (/[-+]/.test(this.text[this.#at] ?? '')) this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
  }
}

/** Levels beyond which Go's decoder stops. */
const DEEPEST = 10_000;

/** The bracket that goes too deep, or null. */
function tooDeep(text: string): string | null {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (isText) {
      if (char === '\\') at += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === '[' || char === '{') {
      depth += 1;
      if (depth > DEEPEST) return char;
    } else if (char === ']' || char === '}') depth -= 1;
  }
  return null;
}

/** Reads the first JSON value of a text; what follows it is not looked at, as on the real server. */
export function readJson(text: string): JsonText {
  if (text.trim() === '') return { kind: 'empty' };
  const deep = text.length > DEEPEST ? tooDeep(text) : null;
  if (deep !== null) return { kind: 'invalid', message: `invalid character '${deep}' exceeded max depth` };
  try {
    return { kind: 'value', value: JSON.parse(text) };
  } catch {
    // Either something follows the value, which is allowed, or the walker knows what is wrong.
  }
  try {
    return { kind: 'value', value: JSON.parse(text.slice(0, new Walker(text).end())) };
  } catch (error) {
    return { kind: 'invalid', message: error instanceof SyntaxFault ? error.message : UNEXPECTED_END };
  }
}
