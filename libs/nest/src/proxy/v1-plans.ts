import {
  isCloudName,
  normalizeModelName,
  translateV1,
  unpackZstd,
  type Translated,
  type Translation,
  type V1Route,
} from '@rightsize/ollama';
import { isFor, modeFor } from '@rightsize/optimizer';
import type { IncomingHttpHeaders } from 'node:http';
import { clientName } from './client-name.js';
import type { ProxyOptions, V1Mode } from './proxy-options.js';

/** What becomes of one request in another vendor's dialect. */
export type V1Plan =
  | { readonly kind: 'translate'; readonly translated: Translated }
  /** To Ollama's own route, under another name of the model. `plain`: the body without its encoding. */
  | { readonly kind: 'alias'; readonly translated: Translated; readonly plain: Buffer }
  /** To Ollama's own route, as it came. Why: a word, maybe with another that tells more. */
  | { readonly kind: 'pass'; readonly reason: string };

/** What became of them since the start. */
export interface V1Report {
  readonly translated: number;
  readonly aliased: number;
  /** By the first word of the reason. */
  readonly passed: Readonly<Record<string, number>>;
}

/** Decides whether a request can go to the native route, which alone takes a window, and counts what it decided. */
export class V1Plans {
  /** Read at each use: it can change at run time. */
  readonly #options: ProxyOptions;
  readonly #passed = new Map<string, number>();
  #translated = 0;
  #aliased = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** Never throws: what cannot be translated passes. */
  plan(route: V1Route, body: Buffer, headers: IncomingHttpHeaders): V1Plan {
    const plan = this.#decide(route, body, headers);
    switch (plan.kind) {
      case 'translate':
        this.#translated += 1;
        break;
      case 'alias':
        this.#aliased += 1;
        break;
      case 'pass':
        this.#passes(plan.reason);
    }
    return plan;
  }

  /** An alias could not be had after all. */
  aliasFailed(): void {
    this.#aliased -= 1;
    this.#passes('alias-failed');
  }

  report(): V1Report {
    return { translated: this.#translated, aliased: this.#aliased, passed: Object.fromEntries(this.#passed) };
  }

  #passes(reason: string): void {
    const word = reason.split(' ', 1)[0]!;
    this.#passed.set(word, (this.#passed.get(word) ?? 0) + 1);
  }

  #decide(route: V1Route, body: Buffer, headers: IncomingHttpHeaders): V1Plan {
    const { v1, v1Overrides = [], rightsize } = this.#options;
    // A user may ask for sizing whatever the mode is.
    const mayAsk = this.#options.commands === true && body.includes('/opt');
    // Nobody's requests are to be changed: the body need not even be read.
    const isActive = [rightsize, ...(rightsize.overrides ?? [])].some(({ mode }) => (mode ?? 'active') === 'active');
    const modes = [v1, ...v1Overrides.map((entry) => entry.v1)].map((by) => by[route]);
    if ((!isActive && !mayAsk) || modes.every((mode = 'pass') => mode === 'pass')) return pass('configured');
    if (headers['x-rightsize'] === 'off') return pass('asked');
    const plain = unpacked(body, headers['content-encoding'] ?? 'identity');
    if (plain === null) return pass('encoding');
    const translation = translated(route, plain);
    if (translation.kind === 'translated' && !mayAsk) {
      const mode = modeFor(rightsize, normalizeModelName(translation.model), clientName(headers));
      if (mode !== 'active') return pass('configured');
    }
    if (translation.kind !== 'translated') return judge(translation);
    const mode = this.#modeOf(route, normalizeModelName(translation.model), clientName(headers));
    if (mode === 'pass') return pass('configured');
    // Under another name of the model the body goes on whole, known or not.
    if (mode !== 'alias') return judge(translation);
    return isCloudName(translation.model) ? pass('cloud') : { kind: 'alias', translated: translation, plain };
  }

  #modeOf(route: V1Route, model: string, client: string | null): V1Mode {
    const { v1, v1Overrides = [] } = this.#options;
    const entry = v1Overrides.find((each) => each.v1[route] !== undefined && isFor(each, model, client));
    return entry?.v1[route] ?? v1[route];
  }
}

/** Null for what the server does not unpack either, or no further than its bounds. */
function unpacked(body: Buffer, encoding: string): Buffer | null {
  switch (encoding) {
    case 'identity':
      return body;
    case 'zstd':
      return unpackZstd(body);
    default:
      return null;
  }
}

function translated(route: V1Route, body: Buffer): Translation {
  try {
    return translateV1(route, body);
  } catch {
    return { kind: 'foreign', reason: 'failed' };
  }
}

function judge(translation: Translation): V1Plan {
  switch (translation.kind) {
    case 'foreign':
      return pass(translation.reason);
    case 'refused':
      // The server's own words are the best answer to what it refuses.
      return pass('refused');
    case 'translated':
      if (translation.unknown.length > 0) return pass(`unknown-field ${fieldName(translation.unknown[0]!)}`);
      return isCloudName(translation.model) ? pass('cloud') : { kind: 'translate', translated: translation };
  }
}

function pass(reason: string): V1Plan {
  return { kind: 'pass', reason };
}

/** A client's word in a header: nothing but what names fields, and not much of it. */
function fieldName(name: string): string {
  return name.replace(/[^\w.-]/g, '').slice(0, 60);
}
