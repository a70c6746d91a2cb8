import { readFileSync } from 'node:fs';

/** A fenced block of a page that somebody is to run. */
export interface Block {
  /** For people: page and line. */
  readonly where: string;
  readonly language: 'sh' | 'js';
  /** `test`: ends by itself; `serves`: goes on until the next of these; `untested`: for the reason given. */
  readonly kind: 'test' | 'serves' | 'untested' | 'unmarked';
  readonly reason: string;
  readonly text: string;
}

/** The blocks in `sh` and `js` of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const text = readFileSync(page, 'utf8');
  for (const match of text.matchAll(/^```(sh|js)\b ?([a-z]*):? ?(.*)\n([^]*?)^```$/gm)) {
    const [, language, marked, reason = '', body = ''] = match;
    const kind = marked === 'test' || marked === 'serves' || marked === 'untested' ? marked : 'unmarked';
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ where: `${page}:${line}`, language: language as 'sh' | 'js', kind, reason, text: body });
  }
  return blocks;
}
