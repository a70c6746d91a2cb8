import type { PromptSegment } from '@rightsize/optimizer-core';

import { cipherOf, personOf, SeededChoice } from './templates-made-text.js';
import type { CorpusPrompt } from './templates-corpus.js';

/** The same templates sent in another way: what detection makes of texts that nobody tuned it for. */
export interface Perturbation {
  readonly name: string;
  readonly apply: (prompts: readonly CorpusPrompt[]) => readonly CorpusPrompt[];
}

/** Words that a sibling of an instruction has in place of one of its own. */
const OTHER_WORDS = 'person location organization date title verb noun product positive negative first last'.split(' ');
const SIBLINGS = 3;
const LONG_ENOUGH = 30;
const SHORTEST = 12;

export const PERTURBATIONS: readonly Perturbation[] = [
  ...[1, 2, 3].map((seed) => ({ name: `shuffled, ${seed}`, apply: (prompts: Prompts) => shuffled(prompts, seed) })),
  ...[0, 1].map((half) => ({
    name: `half of the templates, ${half + 1}`,
    apply: (prompts: Prompts) => halfOf(prompts, half),
  })),
  { name: 'siblings that differ in one word', apply: siblings },
  { name: 'a clock, path or name near the top', apply: earlySlots },
  { name: 'short openings, a few words common to their source', apply: shortOpenings },
  { name: 'static text last', apply: staticLast },
  { name: 'chats flattened to text', apply: flattened },
  { name: 'the same documents under several templates', apply: sharedDocuments },
  { name: 'three questions about each document', apply: askedAgain },
  { name: 'wrapped in JSON or Markdown', apply: wrapped },
  { name: 'without spaces, as Chinese is written', apply: withoutSpaces },
];

type Prompts = readonly CorpusPrompt[];

function shuffled(prompts: Prompts, seed: number): Prompts {
  const choice = new SeededChoice(`shuffle ${seed}`);
  return prompts
    .map((prompt) => [choice.next(), prompt] as const)
    .toSorted((a, b) => a[0] - b[0])
    .map(([, prompt]) => prompt);
}

function halfOf(prompts: Prompts, half: number): Prompts {
  return prompts.filter(({ templateId, unique }) => unique || new SeededChoice(`half ${templateId}`).below(2) === half);
}

/** Three of each template with a long opening: its own words, and two with another word in one place. */
function siblings(prompts: Prompts): Prompts {
  return withOpenings(prompts, LONG_ENOUGH, (prompt, { opening, rest }, index) => {
    const sibling = index % SIBLINGS;
    if (sibling === 0) return prompt;
    const choice = new SeededChoice(`sibling ${prompt.templateId}`);
    const at = Math.floor(opening.length * (0.3 + 0.6 * choice.next()));
    const start = choice.below(OTHER_WORDS.length);
    const word = OTHER_WORDS[(start + sibling) % OTHER_WORDS.length]!;
    const words = opening.map((own, i) => (i === at ? `${word}${/\s+$/.exec(own)?.[0] ?? ' '}` : own));
    return { ...renamed(prompt, `${prompt.templateId} ${sibling}`), segments: begin(prompt, words.join('') + rest) };
  });
}

function earlySlots(prompts: Prompts): Prompts {
  return withOpenings(prompts, LONG_ENOUGH, (prompt, { opening, rest }, index) => {
    const choice = new SeededChoice(`early ${prompt.templateId}`);
    const at = 3 + choice.below(10);
    const slot = SLOTS[choice.below(SLOTS.length)]!(index);
    const text = `${opening.slice(0, at).join('')}${slot} ${opening.slice(at).join('')}${rest}`;
    return { ...prompt, segments: begin(prompt, text) };
  });
}

const SLOTS: readonly ((index: number) => string)[] = [
  (i) => `(it is ${i % 24}:${String((i * 7) % 60).padStart(2, '0')} on 2026-0${1 + (i % 9)}-1${i % 10})`,
  (i) => `in /home/${personOf(i).split(' ')[0]!.toLowerCase()}/work/project-${i}`,
  (i) => `for ${personOf(i)},`,
  (i) => `for the team of ${personOf(i)} and ${personOf(i * 31 + 7)}`,
];

function shortOpenings(prompts: Prompts): Prompts {
  const common = new Map<string, string>();
  return withOpenings(prompts, SHORTEST, (prompt, { opening, rest }) => {
    const source = prompt.templateId.split('/')[0]!;
    const choice = new SeededChoice(`short ${source}`);
    if (!common.has(source)) common.set(source, opening.slice(0, choice.below(16)).join(''));
    const own = SHORTEST + new SeededChoice(`short ${prompt.templateId}`).below(30);
    return { ...prompt, segments: begin(prompt, `${common.get(source)!}${opening.slice(-own).join('')}${rest}`) };
  });
}

function staticLast(prompts: Prompts): Prompts {
  return withOpenings(prompts, SHORTEST, (prompt, { opening, rest }) => {
    if (rest.trim() === '') return prompt;
    const choice = new SeededChoice(`last ${prompt.templateId}`);
    const count = 6 + choice.below(30);
    // Not the first words: whole sources have those in common.
    const from = choice.below(Math.max(1, opening.length - count));
    const words = opening.slice(from, from + count).join('');
    const gap = choice.below(2) === 0 ? '\n\n' : '\n';
    return { ...prompt, segments: begin(prompt, `${rest.trim()}${gap}${words.trim()}`) };
  });
}

/** As clients do that know no chats: one text for all messages. */
function flattened(prompts: Prompts): Prompts {
  return prompts.map((prompt) => {
    const style = new SeededChoice(`flat ${prompt.templateId.split('/')[0]}`).below(2);
    const flat = prompt.segments.map(({ role, text }) => line(style, role, text)).join('');
    const text = style === 0 ? `${flat}<|im_start|>assistant\n` : `${flat}Assistant:`;
    return { ...prompt, segments: [{ role: 'prompt' as const, text }] };
  });
}

function line(style: number, role: PromptSegment['role'], text: string): string {
  const name = role === 'prompt' ? 'user' : role;
  if (style === 0) return `<|im_start|>${name}\n${text}<|im_end|>\n`;
  return `${name[0]!.toUpperCase()}${name.slice(1)}: ${text}\n`;
}

/** Every third document comes a second time, later, under another template. */
function sharedDocuments(prompts: Prompts): Prompts {
  const openings = openingsOf(prompts);
  const names = [...openings].filter(([, words]) => words >= SHORTEST).map(([name]) => name);
  const example = new Map(prompts.map((prompt) => [prompt.templateId, prompt]));
  const choice = new SeededChoice('documents');
  return prompts.flatMap((prompt, index) => {
    const parts = partsOf(prompt, openings, SHORTEST);
    if (parts === null || index % 3 !== 0) return [prompt];
    const other = example.get(names[choice.below(names.length)]!)!;
    const { opening } = partsOf(other, openings, SHORTEST)!;
    return [prompt, { ...other, segments: begin(other, opening.join('') + parts.rest) }];
  });
}

/** Every fourth prompt comes three times in a row, with another question of a few words at its end. */
function askedAgain(prompts: Prompts): Prompts {
  const openings = openingsOf(prompts);
  return prompts.flatMap((prompt, index) => {
    const parts = partsOf(prompt, openings, SHORTEST);
    if (parts === null || index % 4 !== 0 || prompt.segments.length > 1) return [prompt];
    return [0, 1, 2].map((again) => ({
      ...prompt,
      segments: begin(prompt, `${parts.opening.join('')}${parts.rest}\n${questionOf(3 * index + again)}`),
    }));
  });
}

function questionOf(index: number): string {
  const choice = new SeededChoice(`question ${index}`);
  const words = Array.from({ length: 4 + choice.below(9) }, () =>
    cipherOf(String.fromCharCode(97 + choice.below(26), 97 + choice.below(26))),
  );
  return `${words.join(' ')}?`;
}

function wrapped(prompts: Prompts): Prompts {
  return withOpenings(prompts, SHORTEST, (prompt, { opening, rest }) => {
    const json = new SeededChoice(`wrapped ${prompt.templateId}`).below(2) === 0;
    const instruction = opening.join('').trim();
    const text = json
      ? JSON.stringify({ role: 'worker', input: rest, instruction })
      : `# Input\n\n${rest}\n\n# Instructions\n\n- ${instruction.split('. ').join('\n- ')}\n`;
    return { ...prompt, segments: begin(prompt, text) };
  });
}

function withoutSpaces(prompts: Prompts): Prompts {
  return prompts.map((prompt) => ({
    ...prompt,
    segments: prompt.segments.map(({ role, text }) => ({ role, text: cipherOf(text) })),
  }));
}

interface Parts {
  /** Words of the opening that all instances share, each with the white space behind it. */
  readonly opening: readonly string[];
  readonly rest: string;
}

/** Changes the instances of templates whose first message has so many leading words in common; leaves all others. */
function withOpenings(
  prompts: Prompts,
  least: number,
  change: (prompt: CorpusPrompt, parts: Parts, index: number) => CorpusPrompt,
): Prompts {
  const openings = openingsOf(prompts);
  return prompts.map((prompt, index) => {
    const parts = partsOf(prompt, openings, least);
    return parts === null ? prompt : change(prompt, parts, index);
  });
}

function partsOf(prompt: CorpusPrompt, openings: ReadonlyMap<string, number>, least: number): Parts | null {
  const count = openings.get(prompt.templateId) ?? 0;
  if (count < least) return null;
  const words = wordsOf(prompt);
  return { opening: words.slice(0, count), rest: words.slice(count).join('') };
}

/** Leading words that all instances of a template share. */
function openingsOf(prompts: Prompts): ReadonlyMap<string, number> {
  const first = new Map<string, readonly string[]>();
  const common = new Map<string, number>();
  for (const prompt of prompts) {
    if (prompt.unique) continue;
    const words = wordsOf(prompt);
    const other = first.get(prompt.templateId);
    if (other === undefined) {
      first.set(prompt.templateId, words);
      common.set(prompt.templateId, words.length);
      continue;
    }
    let shared = 0;
    const most = Math.min(common.get(prompt.templateId)!, words.length);
    while (shared < most && words[shared] === other[shared]) shared++;
    common.set(prompt.templateId, shared);
  }
  return common;
}

function wordsOf({ segments }: CorpusPrompt): readonly string[] {
  return segments[0]?.text.match(/\S+\s*|^\s+/g) ?? [];
}

function begin({ segments }: CorpusPrompt, text: string): readonly PromptSegment[] {
  return segments.map((segment, i) => (i === 0 ? { ...segment, text } : segment));
}

function renamed(prompt: CorpusPrompt, templateId: string): CorpusPrompt {
  return { ...prompt, templateId };
}
