import type { FinalChunk } from '@rightsize/ollama-model';

/** A token of the answer, and which part of the answer it belongs to. */
export interface Piece {
  readonly kind: 'thinking' | 'content';
  readonly text: string;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** An answer that is complete. */
export interface FinishedAnswer {
  readonly final: FinalChunk;
  /** Prompt tokens out of the prefix cache; null on versions that do not say. */
  readonly cachedTokens: number | null;
  readonly thinking: string;
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  /** Numbers of all tokens, for `/api/generate`; empty when raw. */
  readonly context: readonly number[];
}

/**
 * Where an error comes from: the server before it asked a runner, or a runner. The real one sends them
 * with different headers.
 */
export type FaultSource = 'server' | 'runner';

/** Puts an answer into one dialect, streamed or whole. */
export interface AnswerWriter {
  /** Wants pieces as they come. */
  readonly streams: boolean;
  /** Nothing was generated: the model was loaded or unloaded, or a prompt was only rendered. */
  empty(
    what: { readonly doneReason: 'load' | 'unload' } | { readonly rendered: string; readonly images: number },
  ): void;
  pieces(pieces: readonly Piece[]): void;
  finish(answer: FinishedAnswer): void;
  fail(status: number, message: string, source: FaultSource): void;
}
