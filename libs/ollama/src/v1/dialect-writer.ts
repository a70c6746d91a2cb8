import type { NativeAnswer } from './native-answer.js';

/** Puts one native answer into the dialect in which was asked. Holds what a stream needs to remember, no answers. */
export interface DialectWriter {
  /** Events as they come, rather than one object. */
  readonly streams: boolean;
  /** Headers of an answer that succeeds; their case is the server's. */
  readonly headers: Readonly<Record<string, string>>;
  /** The events that a line of the stream becomes: text to send, maybe none. */
  event(answer: NativeAnswer): string;
  /** The object that a whole answer becomes. */
  whole(answer: NativeAnswer): string;
  /** The body of an error under its status. */
  error(status: number, message: string): string;
  /** What tells of an error in the middle of a stream, which ends with it. */
  streamError(message: string): string;
}

export const JSON_HEADERS: Readonly<Record<string, string>> = { 'Content-Type': 'application/json' };
export const EVENT_HEADERS: Readonly<Record<string, string>> = { 'Content-Type': 'text/event-stream' };
/** Of the dialects whose events have names. */
export const NAMED_EVENT_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-cache',
  ...EVENT_HEADERS,
};
