import { hashLanes, randomFrom } from './stable-hash.js';
import { tokenize, type TokenText } from './tokenizer.js';

/** Every word is one token with the space before it, so that a length in words is a length in tokens. */
const WORDS = (
  'the of and to in is that it for on with as are this be by from or an at which one have not can all more when ' +
  'will there other use each many then some time these two may like no into has most people over new only such ' +
  'made after also way about first than them could its now find long down day did get come part work place years ' +
  'good give our name very through just form sentence great think say help low line differ turn cause much mean ' +
  'before move right boy old too same tell does set three want air well play small end put home read hand port ' +
  'large spell add even land here must big high follow act why ask men change light kind off need house picture ' +
  'try us again animal point mother world near build self earth father value data model system window answer'
).split(' ');

const SHORTEST = 8;
const LONGEST = 4096;

/** A number from a standard normal distribution. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * How long the answer would be if nothing ended it, tokens. `template` names the kind of request (its
 * system prompt or opening words): each kind has a median and a spread of its own, the median
 * log-uniform from 16 to 400 tokens; `prompt` picks the value within the kind.
 */
export function naturalLength(template: string, prompt: string): number {
  const kind = randomFrom(hashLanes(template, 11).low);
  const median = 16 * 25 ** kind();
  const spread = 0.2 + 0.5 * kind();
  const sample = median * Math.exp(spread * normal(randomFrom(hashLanes(prompt, 23).low)));
  return Math.max(SHORTEST, Math.min(LONGEST, Math.round(sample)));
}

/** Words without meaning that are exactly `count` tokens; the same prompt and seed give the same text. */
export function pseudoText(prompt: string, seed: number, count: number): TokenText {
  const random = randomFrom(hashLanes(prompt, seed).low);
  let text = '';
  for (let i = 0; i < count; i += 1) {
    text += ` ${WORDS[Math.floor(random() * WORDS.length)] ?? 'the'}`;
  }
  return tokenize(text);
}

/** A vector of length 1, near others whose texts share words. */
export function pseudoEmbedding(text: string, length: number): number[] {
  const vector = new Array<number>(length).fill(0);
  for (const word of text.toLowerCase().split(/\s+/)) {
    const random = randomFrom(hashLanes(word, 31).low);
    for (let i = 0; i < 16; i += 1) {
      const at = Math.floor(random() * length);
      vector[at] = (vector[at] ?? 0) + random() - 0.5;
    }
  }
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
  return vector.map((value) => Math.fround(value / norm));
}
