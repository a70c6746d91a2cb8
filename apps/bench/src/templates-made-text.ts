import { createHash } from 'node:crypto';

const FIRST =
  'Ada Bela Carla Dmitri Elif Farid Greta Hugo Ines Jamal Kaja Liam Mona Nils Olga Pavel Qiu Rosa Sven Tariq'.split(
    ' ',
  );
const LAST =
  'Abel Berg Costa Diaz Egger Fuchs Graf Holm Ivanov Jung Klein Lang Moreau Novak Okoro Peter Quint Rossi Sato Toth'.split(
    ' ',
  );
const IDEOGRAPHS = { from: 0x4e00, count: 3_000 } as const;
const CLAUSE = /\p{L}+|\s+|[^\p{L}\s]/gu;
const SIGNS: Readonly<Record<string, string>> = { '.': '。', ',': '，', ':': '：', '?': '？', '!': '！' };

/** Choices that depend on a name alone: the same in every run, whatever was chosen before. */
export class SeededChoice {
  #state: number;

  constructor(name: string) {
    this.#state = createHash('sha256').update(name).digest().readUInt32LE(0);
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }
}

export function personOf(index: number): string {
  const choice = new SeededChoice(`person ${index}`);
  return `${FIRST[choice.below(FIRST.length)]} ${LAST[choice.below(LAST.length)]}`;
}

/** Each word as one to three ideographs, always the same for the same word, and no blanks between them. */
export function cipherOf(text: string): string {
  return text.replace(CLAUSE, (part) => {
    if (/^\s/.test(part)) return part.includes('\n') ? part.replace(/[^\n]/g, '') : '';
    return /^\p{L}/u.test(part) ? ideographsOf(part) : (SIGNS[part] ?? part);
  });
}

const known = new Map<string, string>();

function ideographsOf(word: string): string {
  let written = known.get(word);
  if (written === undefined) {
    const choice = new SeededChoice(word);
    const length = 1 + (word.length > 3 ? 1 : 0) + (word.length > 8 ? 1 : 0);
    written = String.fromCharCode(...Array.from({ length }, () => IDEOGRAPHS.from + choice.below(IDEOGRAPHS.count)));
    known.set(word, written);
  }
  return written;
}
