import type { ModelCard } from './models.js';
import { EMPTY_TEXT, joinTokens, specialToken, tokenize, type TokenText } from './tokenizer.js';

/** One message as the model's chat template renders it. */
export interface PromptPart {
  readonly role: 'system' | 'other';
  readonly tokens: TokenText;
  /** Pictures and sounds in it; each takes `MEDIA_TOKENS`. */
  readonly media: number;
}

/** A prompt before it is fitted into a window. */
export interface Prompt {
  readonly route: 'chat' | 'generate';
  /** What the template puts before all messages: BOS, tools. */
  readonly opening: TokenText;
  readonly parts: readonly PromptPart[];
  /** What the template puts after them, so that the assistant speaks. */
  readonly closing: TokenText;
  /** `truncate` of the request; null: absent. */
  readonly truncate: boolean | null;
}

/** What the server itself reckons for a picture. */
export const MEDIA_TOKENS = 768;

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly thinking?: string;
  readonly toolCalls?: string;
  readonly images?: number;
}

const START = specialToken('<|im_start|>');
const END = specialToken('<|im_end|>');
const NEWLINE = tokenize('\n');
const ASSISTANT = joinTokens([START, tokenize('assistant'), NEWLINE]);
const BOS = specialToken('<|begin_of_text|>');

function renderMessage(message: ChatMessage): PromptPart {
  const content = `${message.content}${message.toolCalls ?? ''}`;
  const tokens = joinTokens([START, tokenize(message.role), NEWLINE, tokenize(content), END, NEWLINE]);
  return { role: message.role === 'system' ? 'system' : 'other', tokens, media: message.images ?? 0 };
}

function openingOf(model: ModelCard, tools: string): TokenText {
  const bos = model.addsBos ? [BOS] : [];
  if (tools === '') return joinTokens(bos);
  return joinTokens([...bos, START, tokenize('tools'), NEWLINE, tokenize(tools), END, NEWLINE]);
}

/** A chat, with the model's own system prompt where the messages do not begin with one. */
export function chatPrompt(
  model: ModelCard,
  messages: readonly ChatMessage[],
  tools: string,
  truncate: boolean | null,
): Prompt {
  const own = model.system !== '' && messages[0]?.role !== 'system';
  const all = own ? [{ role: 'system', content: model.system }, ...messages] : messages;
  return {
    route: 'chat',
    opening: openingOf(model, tools),
    parts: all.map(renderMessage),
    closing: ASSISTANT,
    truncate,
  };
}

/** A text rendered as a chat of one turn, with a system prompt or none. */
export function generatePrompt(
  model: ModelCard,
  request: { readonly prompt: string; readonly system: string; readonly images: number; readonly before: TokenText },
  truncate: boolean | null,
): Prompt {
  const system = request.system === '' ? model.system : request.system;
  const messages: ChatMessage[] = system === '' ? [] : [{ role: 'system', content: system }];
  messages.push({ role: 'user', content: request.prompt, images: request.images });
  return {
    route: 'generate',
    opening: joinTokens([openingOf(model, ''), request.before]),
    parts: messages.map(renderMessage),
    closing: ASSISTANT,
    truncate,
  };
}

/** A text that no template touches. */
export function rawPrompt(model: ModelCard, text: string, images: number, truncate: boolean | null): Prompt {
  return {
    route: 'generate',
    opening: openingOf(model, ''),
    parts: [{ role: 'other', tokens: tokenize(text), media: images }],
    closing: EMPTY_TEXT,
    truncate,
  };
}

/** The whole prompt from message `from` on, system messages before it kept. */
export function renderFrom(prompt: Prompt, from: number): TokenText {
  const kept = prompt.parts.filter((part, at) => at >= from || part.role === 'system');
  return joinTokens([prompt.opening, ...kept.map((part) => part.tokens), prompt.closing]);
}

/** The text that the template makes, for people to look at: the tokenizer's BOS is not part of it. */
export function renderedText(prompt: Prompt): string {
  const { text } = renderFrom(prompt, 0);
  return text.startsWith(BOS.text) ? text.slice(BOS.text.length) : text;
}

export function mediaFrom(prompt: Prompt, from: number): number {
  return prompt.parts.reduce((sum, part, at) => (at >= from ? sum + part.media : sum), 0);
}
