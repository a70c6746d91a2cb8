import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import type { PromptSegment } from '@rightsize/optimizer-core';

/** One labelled prompt of a corpus, in stream order. */
export interface CorpusPrompt {
  readonly templateId: string;
  readonly kind: string;
  readonly source: string;
  readonly unique: boolean;
  readonly segments: readonly PromptSegment[];
  /** The run of an agent that it is a turn of; null: a single request. */
  readonly session: string | null;
  /** Words of the known answer; null: not known. */
  readonly outputWords: number | null;
}

const GZIP_MAGIC = 0x1f;

/** A text file's content, gzipped or plain. */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  return (bytes[0] === GZIP_MAGIC ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Reads lines of JSON, gzipped or plain. Throws an error that names the file and the line. */
export function readLines(file: string): readonly unknown[] {
  return readText(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        return JSON.parse(line) as unknown;
      } catch (error) {
        throw new Error(`${file}, line ${index + 1}: not JSON`, { cause: error });
      }
    });
}

export function readCorpus(file: string): readonly CorpusPrompt[] {
  return readLines(file).map((line, index) => {
    const prompt = parsePrompt(line);
    if (prompt === null) throw new Error(`${file}, line ${index + 1}: neither a prompt nor a chat`);
    return prompt;
  });
}

function parsePrompt(line: unknown): CorpusPrompt | null {
  if (!isRecord(line) || typeof line['template_id'] !== 'string') return null;
  const segments = parseSegments(line);
  if (segments === null) return null;
  return {
    templateId: line['template_id'],
    kind: typeof line['kind'] === 'string' ? line['kind'] : 'unknown',
    source: typeof line['source'] === 'string' ? line['source'] : 'unknown',
    unique: line['unique'] === true,
    segments,
    session: typeof line['session'] === 'string' ? line['session'] : null,
    outputWords: typeof line['output_words'] === 'number' ? line['output_words'] : null,
  };
}

function parseSegments(line: Record<string, unknown>): readonly PromptSegment[] | null {
  if (typeof line['prompt'] === 'string') return [{ role: 'prompt', text: line['prompt'] }];
  const messages = line['messages'];
  if (!Array.isArray(messages)) return null;
  return messages.filter(isRecord).map((message) => ({
    role: roleOf(message['role']),
    text: typeof message['content'] === 'string' ? message['content'] : '',
  }));
}

function roleOf(role: unknown): PromptSegment['role'] {
  return role === 'system' || role === 'assistant' || role === 'tool' ? role : 'user';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
