import {
  EMPTY_TEXT,
  hashLanes,
  joinTokens,
  naturalLength,
  pseudoText,
  sliceTokens,
  specialToken,
  tokenize,
  type TokenText,
} from '@rightsize/ollama-model';
import { goJson } from '../go/json-text.js';
import type { Piece, ToolCall } from './answer-writer.js';

/** What decides an answer; equal questions get equal answers. */
export interface Question {
  /** Names the kind of request: its system prompt, else its opening words. */
  readonly template: string;
  readonly prompt: string;
  readonly seed: number;
  readonly thinks: boolean;
  /** Tool definitions in the server's own form. */
  readonly tools: readonly unknown[];
  /** The conversation's last word is a tool's result, so an answer is due rather than a call. */
  readonly afterTool: boolean;
  /** `"json"`, a JSON schema, or undefined. */
  readonly format: unknown;
}

/** An answer before anything ends it early. */
export interface AnswerPlan {
  readonly tokens: TokenText;
  /** Leading tokens that are thoughts. */
  readonly thinking: number;
  /** Trailing tokens that are a call and are not shown as text. */
  readonly hidden: number;
  readonly toolCalls: readonly ToolCall[];
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The smallest value that a JSON schema allows, near enough; `depth` bounds schemas that contain themselves. */
function instanceOf(schema: unknown, words: string, depth = 0): unknown {
  const given = object(schema);
  if (Array.isArray(given.enum)) return given.enum[0];
  const type = Array.isArray(given.type) ? given.type[0] : given.type;
  if (type === 'number' || type === 'integer') return words.length % 100;
  if (type === 'boolean') return words.length % 2 === 0;
  if (type === 'array') return depth > 4 ? [] : [instanceOf(given.items, words, depth + 1)];
  if (type === 'object' || given.properties !== undefined) {
    const entries = depth > 4 ? [] : Object.entries(object(given.properties));
    return Object.fromEntries(entries.map(([key, item]) => [key, instanceOf(item, words, depth + 1)]));
  }
  return words;
}

function callOf(question: Question): ToolCall | null {
  const lanes = hashLanes(question.prompt, question.seed + 7);
  if (question.tools.length === 0 || question.afterTool || lanes.high % 2 === 1) return null;
  const tool = object(object(question.tools[lanes.low % question.tools.length]).function);
  const words = pseudoText(question.prompt, question.seed, 2).text.trim();
  return {
    id: `call_${lanes.low.toString(36).padStart(8, '0').slice(-8)}`,
    name: typeof tool.name === 'string' ? tool.name : '',
    arguments: object(instanceOf(tool.parameters, words)),
  };
}

function contentOf(question: Question): TokenText {
  const count = naturalLength(question.template, question.prompt);
  const words = pseudoText(question.prompt, question.seed, count);
  if (question.format === undefined || question.format === null || question.format === '') return words;
  const value =
    question.format === 'json' ? { answer: words.text.trim() } : instanceOf(question.format, words.text.trim());
  return tokenize(goJson(value));
}

export function planAnswer(question: Question): AnswerPlan {
  const call = callOf(question);
  const thoughts = question.thinks ? naturalLength(`thinking ${question.template}`, question.prompt) : 0;
  const thinking = joinTokens(
    thoughts > 0 ? [pseudoText(question.prompt, question.seed + 1, thoughts), specialToken('</think>')] : [],
  );
  const hidden = call === null ? EMPTY_TEXT : tokenize(goJson({ name: call.name, arguments: call.arguments }));
  const shown = call === null ? contentOf(question) : EMPTY_TEXT;
  return {
    tokens: joinTokens([thinking, shown, hidden]),
    thinking: thinking.ends.length,
    hidden: hidden.ends.length,
    toolCalls: call === null ? [] : [call],
  };
}

/** Tokens `from` to `to` (exclusive) as they are shown. */
export function piecesOf(plan: AnswerPlan, from: number, to: number): Piece[] {
  const pieces: Piece[] = [];
  const shownUntil = plan.tokens.ends.length - plan.hidden;
  for (let at = from; at < Math.min(to, shownUntil); at += 1) {
    // The token that closes the thoughts is never shown.
    if (at === plan.thinking - 1) continue;
    const kind = at < plan.thinking ? 'thinking' : 'content';
    pieces.push({ kind, text: sliceTokens(plan.tokens, at, at + 1).text });
  }
  return pieces;
}
