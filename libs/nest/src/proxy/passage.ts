import type { Translated } from '@rightsize/ollama';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlainDelivery, type AnswerDelivery } from './answer-delivery.js';
import { TranslatedDelivery } from './translated-delivery.js';

type Headers = Readonly<Record<string, string>>;

/** One request on its way: where it goes, and how its answer comes back. */
export interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query at the upstream. */
  readonly path: string;
  /** Names, in lower case, of request headers that are not for the upstream. */
  readonly without: ReadonlySet<string>;
  /** Raw headers that the request gets. */
  readonly with: readonly string[];
  /** Headers that the answer gets. */
  readonly headers: Headers;
  /** For each attempt. */
  delivery(): AnswerDelivery;
  /** Unless null, shown a complete 400: the native body to send instead, or null when the answer stands. */
  readonly mended: ((status: number, answer: Buffer) => Buffer | null) | null;
}

/** Not the upstream's business: ours, or of the connection to us. */
const OURS = new Set(['host', 'expect', 'x-rightsize', 'x-rightsize-client']);
/** The same for bodies that were read whole, and whose length may have changed. */
const OURS_AND_LENGTH = new Set([...OURS, 'content-length']);
/** The same for bodies that we wrote, and for answers that we have to read. */
const OF_OUR_BODY = new Set([...OURS_AND_LENGTH, 'content-type', 'content-encoding', 'accept-encoding', 'accept']);

/** To the route that was asked, and its answer as it comes. */
export function plainPassage(
  request: IncomingMessage,
  response: ServerResponse,
  isReadWhole: boolean,
  headers: Headers = {},
): Passage {
  return {
    request,
    response,
    path: request.url!,
    without: isReadWhole ? OURS_AND_LENGTH : OURS,
    with: [],
    headers,
    delivery: () => new PlainDelivery(response),
    mended: null,
  };
}

/** To the native route, and its answer in the dialect of the route that was asked. */
export function translatedPassage(
  request: IncomingMessage,
  response: ServerResponse,
  translated: Translated,
  headers: Headers,
): Passage {
  return {
    request,
    response,
    path: translated.route === 'chat' ? '/api/chat' : '/api/generate',
    without: OF_OUR_BODY,
    with: ['content-type', 'application/json'],
    headers,
    delivery: () => new TranslatedDelivery(response, translated.writer()),
    mended: null,
  };
}

/** To the route that was asked, with a body of ours. */
export function aliasedPassage(request: IncomingMessage, response: ServerResponse, headers: Headers): Passage {
  return {
    ...plainPassage(request, response, true, headers),
    without: OF_OUR_BODY,
    with: ['content-type', 'application/json'],
  };
}
