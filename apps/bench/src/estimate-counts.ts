import { appendFileSync, existsSync } from 'node:fs';

import type { PromptSegment } from '@rightsize/optimizer-core';
import { isRecord, readLines, type CorpusPrompt } from './templates-corpus.js';

/** Says how many tokens a prompt has; null: it has too many for the window, or the server will not say. */
export type Counter = (prompt: CorpusPrompt, index: number) => Promise<number | null>;

/**
 * Asks an Ollama for the count: one answer token, nothing cut, always the same window, so that the model
 * is loaded once. A prompt that the window does not hold is refused and counts nothing.
 */
export function countUpstream(upstream: string, model: string, window: number): Counter {
  return async ({ segments }) => {
    const chat = segments[0]?.role !== 'prompt';
    const url = new URL(chat ? '/api/chat' : '/api/generate', upstream);
    const options = { num_ctx: window, num_predict: 1 };
    const asked = chat ? { messages: segments.map(messageOf) } : { prompt: segments[0]!.text };
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, ...asked, options, truncate: false, stream: false }),
    });
    const body: unknown = await response.json();
    if (response.status === 400) return null;
    if (!response.ok) throw new Error(`${url.href}: ${response.status} ${JSON.stringify(body)}`);
    const counted = isRecord(body) ? body['prompt_eval_count'] : undefined;
    return typeof counted === 'number' && counted > 0 ? counted : null;
  };
}

function messageOf({ role, text }: PromptSegment): { role: string; content: string } {
  return { role, content: text };
}

/** Takes counts from a file of an earlier run, and writes there what it had to ask for. */
export function remembered(file: string, ask: Counter | null): Counter {
  const known = new Map<number, number | null>();
  for (const line of existsSync(file) ? readLines(file) : []) {
    if (!isRecord(line) || typeof line['i'] !== 'number') continue;
    known.set(line['i'], typeof line['n'] === 'number' ? line['n'] : null);
  }
  return async (prompt, index) => {
    const before = known.get(index);
    if (before !== undefined || ask === null) return before ?? null;
    const counted = await ask(prompt, index);
    appendFileSync(file, `${JSON.stringify({ i: index, n: counted })}\n`);
    return counted;
  };
}
