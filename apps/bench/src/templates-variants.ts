import type { CorpusPrompt } from './templates-corpus.js';
import { detectAll, type Scored } from './templates-run.js';

/** A system prompt of no more words is one that unrelated chats share. */
const GENERIC_WORDS = 23;
const GENERIC = 'You are a helpful assistant.';

/** The prompts that belong to no template, sent in other ways, and the share of them that matched anything. */
export function falseMatches(prompts: readonly CorpusPrompt[]): Record<string, number> {
  const plain = (text: string): CorpusPrompt['segments'] => [{ role: 'prompt', text }];
  const chat = (text: string): CorpusPrompt['segments'] => [{ role: 'user', text }];
  const behind = (system: string) => (text: string) => [{ role: 'system' as const, text: system }, ...chat(text)];
  const figures: Record<string, number> = {
    'false, plain prompts': share(prompts, plain),
    'false, one-message chats': share(prompts, chat),
    'false, one-line system': share(prompts, behind(GENERIC)),
  };
  const { short, long } = systemPrompts(prompts);
  figures[`false, worst of ${short.length} short systems`] = worst(prompts, short.map(behind));
  // A long system prompt is a template by itself, as in the corpus's own labels: these match, and should.
  figures[`matched, worst of ${long.length} long systems`] = worst(prompts, long.slice(0, 3).map(behind));
  return figures;
}

type Send = (text: string) => CorpusPrompt['segments'];

/** The unique prompts are sent so; all others as they are, so that whatever could be matched is there. */
function share(prompts: readonly CorpusPrompt[], send: Send): number {
  const results = detectAll(
    prompts.map((prompt) =>
      prompt.unique ? { ...prompt, segments: send(prompt.segments.at(-1)?.text ?? '') } : prompt,
    ),
  );
  return falseShare(results);
}

function worst(prompts: readonly CorpusPrompt[], sends: readonly Send[]): number {
  const unique = prompts.filter((prompt) => prompt.unique);
  return Math.max(0, ...sends.map((send) => share(unique, send)));
}

export function falseShare(results: readonly Scored[]): number {
  const unique = results.filter((result) => result.unique);
  return unique.filter(({ matched }) => matched).length / Math.max(1, unique.length);
}

function systemPrompts(prompts: readonly CorpusPrompt[]): { short: readonly string[]; long: readonly string[] } {
  const texts = new Set(prompts.flatMap(({ segments }) => (segments[0]?.role === 'system' ? [segments[0].text] : [])));
  const generic = (text: string): boolean => text.trim().split(/\s+/).length <= GENERIC_WORDS;
  return { short: [...texts].filter(generic), long: [...texts].filter((text) => !generic(text)) };
}
