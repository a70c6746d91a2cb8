import { finish, hashText, keyFrom, keyOf, mixHigh, mixLow, type Lanes } from '../keyed-hash.js';
import type { InferenceRequest, PromptSegment } from '../request.js';
import { unflatten } from './flattened-chat.js';
import { MaskedTokens } from './masked-tokens.js';
import type { PromptSketch } from './prompt-sketch.js';
import { SegmentCutter } from './segment-cutter.js';
import { BREAK, EDGE, MASKED, SENTENCE, TokenBuffer, WORD } from './token-buffer.js';

/** Characters read from the front and from the end: what lies between is never static text alone. */
const HEAD = 8_000;
const TAIL = 3_000;
const TOOLS = 2_000;
/** A node needs so many words, or two templates of one style would meet there. */
const FIRST_NODE = 16;
/** From here on only every eighth word names a node. */
const DENSE_NODES = 64;
const NODE_STRIDE = 8;
/** A system prompt of fewer words is shared by unrelated chats: "You are a helpful assistant." */
const OWN_SYSTEM_WORDS = 24;
const MAX_NODES = 1024;

export interface Sketcher {
  /** Bounded by the characters read, whatever the length of the prompt. */
  sketch(request: Pick<InferenceRequest, 'segments' | 'tools'>): PromptSketch;
}

/** Sketches under the installation's secret: nobody without it can try texts against what is kept. */
export function createSketcher(secret: string): Sketcher {
  return new TokenSketcher(keyOf(`templates\n${secret}`));
}

class TokenSketcher implements Sketcher {
  readonly #key: Lanes;
  readonly #reader: MaskedTokens;
  readonly #cutter: SegmentCutter;
  readonly #tokens = new TokenBuffer(HEAD + TAIL + 256);
  readonly #nodes = new Float64Array(MAX_NODES);
  readonly #depths = new Uint16Array(MAX_NODES);

  constructor(key: Lanes) {
    this.#key = key;
    this.#reader = new MaskedTokens(key);
    this.#cutter = new SegmentCutter(key);
  }

  sketch({ segments: sent, tools }: Pick<InferenceRequest, 'segments' | 'tools'>): PromptSketch {
    const segments = unflatten(sent);
    const opening = openingOf(segments);
    const tokens = this.#tokens;
    tokens.count = 0;
    const headEnd = this.#read(opening, tools);
    const start = this.#ownWordsFrom(opening, headEnd.system);
    const { segments: keys, weights, sides } = this.#cutter.cut(tokens, start);
    const nodes = this.#walk(headEnd.tokens, start);
    return {
      exact: this.#exact(),
      grown: segments.length > opening.length,
      nodes: this.#nodes.slice(0, nodes),
      depths: this.#depths.slice(0, nodes),
      segments: keys,
      weights,
      sides,
      paragraph: this.#isParagraph(start),
    };
  }

  /** Reads the opening; gives how many tokens belong to its unbroken front, and to the system's part. */
  #read(opening: readonly PromptSegment[], tools: string): { tokens: number; system: number } {
    const tokens = this.#tokens;
    const length = opening.reduce((sum, { text }) => sum + text.length, 0);
    const gapFrom = length > HEAD + TAIL ? HEAD : length;
    const gapTo = length > HEAD + TAIL ? length - TAIL : length;
    let before = 0;
    let system = 0;
    let front = -1;
    for (const { role, text } of opening) {
      this.#edge(role);
      const cut = Math.min(text.length, Math.max(0, gapFrom - before));
      this.#reader.read(text, 0, cut, tokens);
      const resume = Math.max(cut, Math.min(text.length, gapTo - before));
      if (resume > cut && front < 0) {
        front = tokens.count;
        this.#edge('gap');
      }
      this.#reader.read(text, resume, text.length, tokens);
      before += text.length;
      if (role === 'system') {
        if (tools !== '' && system === 0) {
          this.#edge('tools');
          this.#reader.read(tools, 0, Math.min(tools.length, TOOLS), tokens);
        }
        system = tokens.count;
      }
    }
    if (front < 0) front = tokens.count;
    this.#edge('end');
    return { tokens: front, system };
  }

  #edge(role: string): void {
    const { high, low } = hashText(role, this.#key);
    this.#tokens.push(EDGE, high, low);
  }

  /** The first token that speaks for a template. */
  #ownWordsFrom(opening: readonly PromptSegment[], system: number): number {
    if (opening.length < 2 || system === 0) return 0;
    const { kind } = this.#tokens;
    let words = 0;
    for (let i = 0; i < system; i++) if (kind[i] === WORD) words++;
    return words < OWN_SYSTEM_WORDS ? system : 0;
  }

  #walk(end: number, start: number): number {
    const { high, low, kind } = this.#tokens;
    let h = this.#key.high;
    let l = this.#key.low;
    let words = 0;
    let nodes = 0;
    for (let i = 0; i < end; i++) {
      h = mixHigh(h ^ (h >>> 15), high[i]!);
      l = mixLow(l ^ (l >>> 13), low[i]!);
      const k = kind[i]!;
      if (k !== WORD && k !== MASKED) {
        if (k === EDGE && words > DENSE_NODES && nodes < MAX_NODES) nodes = this.#node(nodes, h, l, words);
        continue;
      }
      if (k === WORD && i >= start) words++;
      else continue;
      if (words < FIRST_NODE || (words > DENSE_NODES && words % NODE_STRIDE !== 0) || nodes === MAX_NODES) continue;
      nodes = this.#node(nodes, h, l, words);
    }
    return nodes;
  }

  #node(at: number, h: number, l: number, words: number): number {
    this.#nodes[at] = keyFrom(finish(h, l), finish(l, h));
    this.#depths[at] = words;
    return at + 1;
  }

  #isParagraph(start: number): boolean {
    const { kind, count } = this.#tokens;
    for (let i = start; i < count; i++) if (kind[i] === BREAK) return false;
    return true;
  }

  #exact(): number {
    const { high, low, kind, count } = this.#tokens;
    let h = this.#key.low;
    let l = this.#key.high;
    for (let i = 0; i < count; i++) {
      if (kind[i] === SENTENCE) continue;
      h = mixHigh(h ^ (h >>> 15), high[i]!);
      l = mixLow(l ^ (l >>> 13), low[i]!);
    }
    return keyFrom(finish(h, l), finish(l, h));
  }
}

/**
 * Up to and including the first message of the user: what follows is the conversation's growth. A last message of the
 * assistant's is none, but the beginning of its answer, which a template gives.
 */
function openingOf(segments: readonly PromptSegment[]): readonly PromptSegment[] {
  const first = segments.findIndex(({ role }) => role === 'user' || role === 'prompt');
  const begun = segments.length === first + 2 && segments[first + 1]!.role === 'assistant';
  return first < 0 || begun ? segments : segments.slice(0, first + 1);
}
