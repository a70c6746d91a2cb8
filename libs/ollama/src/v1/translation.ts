import type { InferenceRoute } from '@rightsize/optimizer-core';
import type { DialectWriter } from './dialect-writer.js';

/** A request of a `/v1` route as the native route takes it. */
export interface Translated {
  readonly kind: 'translated';
  readonly route: InferenceRoute;
  readonly model: string;
  /** The native body. */
  readonly body: Buffer;
  /** Puts the native answer into the dialect in which was asked. One answer each. */
  writer(): DialectWriter;
  /** Set when the server, on this route, drops a wish to think that the model cannot fulfil: the body without it. */
  readonly withoutThinking: Buffer | null;
  /** Fields that nobody knew when this was written, which were left out. */
  readonly unknown: readonly string[];
}

export type Translation =
  | Translated
  /** The server refuses it, in about these words, with status 400. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Only the server's own route can do this. Why, in a word or two. */
  | { readonly kind: 'foreign'; readonly reason: string };
