import type { ServerResponse } from 'node:http';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece, ToolCall } from '../engine/answer-writer.js';
import { goJson } from '../go/json-text.js';
import { goNow } from '../go/times.js';
import { BARE_JSON_TYPE, JSON_TYPE, begin, sendJson } from '../http/reply.js';

export interface NativeRoute {
  readonly kind: 'chat' | 'generate';
  /** As the client spelt it. */
  readonly model: string;
  readonly stream: boolean;
  /** Set for models that run elsewhere. */
  readonly remote: { readonly host: string; readonly model: string } | null;
}

function toolCalls(calls: readonly ToolCall[]): unknown {
  if (calls.length === 0) return undefined;
  return calls.map((call, index) => ({
    id: call.id,
    function: { index, name: call.name, arguments: call.arguments },
  }));
}

/** Zeros are left out, as the real server leaves them out; a cached count of zero is shown. */
function metrics(answer: FinishedAnswer): object {
  const { final } = answer;
  return {
    total_duration: final.totalNs || undefined,
    load_duration: final.loadNs || undefined,
    prompt_eval_count: final.promptTokens || undefined,
    prompt_eval_cached_count: answer.cachedTokens ?? undefined,
    prompt_eval_duration: final.prefillNs || undefined,
    eval_count: final.outputTokens || undefined,
    eval_duration: final.decodeNs || undefined,
  };
}

/** `/api/chat` and `/api/generate`: lines of JSON, or one object. */
export class NativeWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #route: NativeRoute;

  constructor(res: ServerResponse, route: NativeRoute) {
    this.#res = res;
    this.#route = route;
    this.streams = route.stream;
  }

  empty(
    what: { readonly doneReason: 'load' | 'unload' } | { readonly rendered: string; readonly images: number },
  ): void {
    if ('doneReason' in what) {
      const body = { ...this.#head(), ...this.#says('', '', []), done: true, done_reason: what.doneReason };
      return sendJson(this.#res, 200, body);
    }
    const info = { rendered_template: what.rendered, image_count: what.images || undefined };
    const says = this.#route.kind === 'chat' ? { message: { role: '', content: '' } } : { response: '' };
    return sendJson(this.#res, 200, { ...this.#head(), ...says, done: false, _debug_info: info });
  }

  pieces(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    this.#open();
    const lines = pieces.map((piece) => {
      const thinking = piece.kind === 'thinking' ? piece.text : '';
      const content = piece.kind === 'content' ? piece.text : '';
      return `${goJson({ ...this.#head(), ...this.#says(content, thinking, []), done: false })}\n`;
    });
    this.#res.write(lines.join(''));
  }

  finish(answer: FinishedAnswer): void {
    const context = answer.context.length > 0 ? answer.context : undefined;
    const end = { done: true, done_reason: answer.final.doneReason, context, ...metrics(answer) };
    if (!this.streams) {
      const says = this.#says(answer.content, answer.thinking, answer.toolCalls);
      return sendJson(this.#res, 200, { ...this.#head(), ...says, ...end });
    }
    this.#open();
    if (answer.toolCalls.length > 0) {
      this.#res.write(`${goJson({ ...this.#head(), ...this.#says('', '', answer.toolCalls), done: false })}\n`);
    }
    this.#res.end(`${goJson({ ...this.#head(), ...this.#says('', '', []), ...end })}\n`);
  }

  fail(status: number, message: string, source: FaultSource): void {
    if (this.#res.headersSent) {
      this.#res.end(`${goJson({ error: message })}\n`);
      return;
    }
    if (this.streams && source === 'runner') {
      // The stream was already promised, so there is no length.
      begin(this.#res, status, { 'Content-Type': BARE_JSON_TYPE });
      this.#res.end(goJson({ error: message }));
      return;
    }
    sendJson(this.#res, status, { error: message }, JSON_TYPE);
  }

  #head(): object {
    const { model, remote } = this.#route;
    return { model, remote_model: remote?.model, remote_host: remote?.host, created_at: goNow() };
  }

  #says(content: string, thinking: string, calls: readonly ToolCall[]): object {
    const shown = thinking === '' ? undefined : thinking;
    if (this.#route.kind === 'generate') return { response: content, thinking: shown };
    return { message: { role: 'assistant', content, thinking: shown, tool_calls: toolCalls(calls) } };
  }

  #open(): void {
    if (!this.#res.headersSent) begin(this.#res, 200, { 'Content-Type': 'application/x-ndjson' });
  }
}
