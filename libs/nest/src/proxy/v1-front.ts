import { replaceModel, type V1Route } from '@rightsize/ollama';
import type { Optimized } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cannotThink, MarkedModels } from './marked-models.js';
import type { ModelAliases } from './model-aliases.js';
import { aliasedPassage, plainPassage, translatedPassage, type Passage } from './passage.js';
import type { RequestKind } from './routes.js';
import type { V1Plan, V1Plans } from './v1-plans.js';

/** How long it is believed that a model cannot think, milliseconds. */
const THOUGHTLESS_MS = 5 * 60_000;

/** What the proxy does with a request once it is clear what that is. */
export interface Ways {
  /** Asks the optimizer. Never rejects. */
  size(kind: RequestKind, body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<Optimized>;
  /** Asks the optimizer and sends what it says. */
  optimize(kind: RequestKind, body: Buffer, passage: Passage): Promise<void>;
  /** Sends it unsized. */
  pass(passage: Passage, body: Buffer): void;
  /** Does what the optimizer said. */
  send(passage: Passage, sized: Optimized): void;
  forward(passage: Passage, body: Buffer, sized: Pick<Optimized, 'observer' | 'headers' | 'reconsider'>): void;
}

/** Takes requests in other vendors' dialects, which cannot carry a window, to where they get one. */
export class V1Front {
  readonly #plans: V1Plans;
  readonly #aliases: ModelAliases;
  readonly #ways: Ways;
  readonly #thoughtless = new MarkedModels(THOUGHTLESS_MS, Date.now);

  constructor(plans: V1Plans, aliases: ModelAliases, ways: Ways) {
    this.#plans = plans;
    this.#aliases = aliases;
    this.#ways = ways;
  }

  /** Takes a body that was read whole. */
  async handle(route: V1Route, body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const plan = this.#plans.plan(route, body, request.headers);
    if (plan.kind === 'pass') return this.#pass(plan.reason, body, request, response);
    if (plan.kind === 'alias') return this.#alias(plan, body, request, response);
    const { translated } = plan;
    const passage = translatedPassage(request, response, translated, { 'x-rightsize-route': 'translate' });
    const { withoutThinking } = translated;
    if (withoutThinking === null) return this.#ways.optimize({ route: translated.route }, translated.body, passage);
    if (this.#thoughtless.has(translated.model))
      return this.#ways.optimize({ route: translated.route }, withoutThinking, passage);
    const mended: Passage['mended'] = (status, answer) => {
      if (!cannotThink(status, answer)) return null;
      this.#thoughtless.add(translated.model);
      return withoutThinking;
    };
    return this.#ways.optimize({ route: translated.route }, translated.body, { ...passage, mended });
  }

  #pass(reason: string, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const headers = { 'x-rightsize-route': 'pass', 'x-rightsize-route-reason': reason };
    this.#ways.pass(plainPassage(request, response, true, headers), body);
  }

  /** Sized like its translation, and sent to its own route under a name that has the window. */
  async #alias(
    { translated, plain }: Extract<V1Plan, { kind: 'alias' }>,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const sized = await this.#ways.size({ route: translated.route }, translated.body, request, response);
    if (sized.reply != null) {
      return this.#ways.send(translatedPassage(request, response, translated, { 'x-rightsize-route': 'alias' }), sized);
    }
    const { observer } = sized;
    const window = Number(sized.headers['x-rightsize-num-ctx'] ?? NaN);
    const alias = window > 0 ? await this.#aliases.of(translated.model, window) : null;
    const renamed = alias && replaceModel(plain, alias.name);
    if (!renamed || response.destroyed) {
      observer.end('client-aborted');
      if (response.destroyed) return;
      this.#plans.aliasFailed();
      return this.#pass('alias-failed', body, request, response);
    }
    const passage = aliasedPassage(request, response, { 'x-rightsize-route': 'alias' });
    const headers = { ...sized.headers, 'x-rightsize-num-ctx': String(alias.window) };
    const inWindow = sized.observerIn?.(alias.window) ?? observer;
    this.#ways.forward(passage, renamed, { headers, observer: inWindow, reconsider: null });
  }
}
