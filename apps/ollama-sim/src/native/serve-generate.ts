import type { ServerResponse } from 'node:http';
import {
  EMPTY_TEXT,
  generatePrompt,
  hasCapability,
  mediaFrom,
  rawPrompt,
  renderedText,
  resolveOptions,
  textOfTokens,
  tokenize,
  type ModelCard,
  type Prompt,
} from '@rightsize/ollama-model';
import { planAnswer, type AnswerPlan } from '../engine/answer-plan.js';
import type { AnswerWriter } from '../engine/answer-writer.js';
import { complete } from '../engine/complete.js';
import { answerRemotely } from '../engine/remote.js';
import type { SimServer } from '../engine/server.js';
import { findModel, longName } from './find-model.js';
import { formatFault } from './format.js';
import { resolveThink, type Think } from './think.js';

/** A prompt to complete, whatever dialect it came in. */
export interface GenerateRequest {
  readonly model: string;
  readonly prompt: string;
  readonly suffix: string;
  readonly system: string;
  readonly raw: boolean;
  /** A template of the client's own. */
  readonly template: string;
  readonly context: readonly number[];
  readonly images: number;
  readonly format: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  /** Nanoseconds; null: absent. */
  readonly keepAliveNs: number | null;
  readonly stream: boolean;
  readonly think: Think;
  readonly truncate: boolean | null;
  readonly shift: boolean | null;
  readonly renderOnly: boolean;
}

function plan(request: GenerateRequest, thinks: boolean): AnswerPlan {
  const opening = request.prompt.split(/\s+/).slice(0, 6).join(' ');
  const seed = request.options.seed;
  return planAnswer({
    template: request.system === '' ? opening : request.system,
    prompt: `${request.system}\n${request.prompt}`,
    seed: typeof seed === 'number' ? seed : 0,
    thinks,
    tools: [],
    afterTool: false,
    format: request.format,
  });
}

function promptOf(model: ModelCard, request: GenerateRequest): Prompt {
  const { prompt, system, images, truncate } = request;
  if (request.raw) return rawPrompt(model, prompt, images, truncate);
  const before = request.context.length === 0 ? EMPTY_TEXT : tokenize(textOfTokens(request.context));
  return generatePrompt(model, { prompt, system, images, before }, truncate);
}

/** What the request may not ask of this model, and with which status; null when all is well. */
function fault(
  model: ModelCard,
  request: GenerateRequest,
): { readonly status: number; readonly message: string } | null {
  const bad = (message: string) => ({ status: 400, message });
  if (request.raw && (request.template !== '' || request.system !== '' || request.context.length > 0)) {
    return bad('raw mode does not support template, system, or context');
  }
  if (!hasCapability(model, 'completion')) return bad(`${JSON.stringify(request.model)} does not support generate`);
  if (request.suffix !== '' && !hasCapability(model, 'insert'))
    return bad(`${longName(model)} does not support insert`);
  return null;
}

/** Completes a prompt: checks in the order of the real server, then schedules. */
export function serveGenerate(
  server: SimServer,
  res: ServerResponse,
  request: GenerateRequest,
  writer: AnswerWriter,
): void {
  const found = findModel(server, request.model, '/api/generate', { status: 404, message: "model '' not found" });
  if (found.kind === 'fault') return writer.fail(found.status, found.message, 'server');
  const { model } = found;
  const empty = request.prompt === '';
  if (empty && request.keepAliveNs === 0) {
    server.time.unload(model);
    return writer.empty({ doneReason: 'unload' });
  }
  const think = resolveThink(model, request.model, request.think, false);
  if (!think.ok) return writer.fail(400, think.message, 'server');
  if (found.kind === 'remote') return answerRemotely(plan(request, think.thinks), writer);
  const refused = fault(model, request);
  if (refused !== null) return writer.fail(refused.status, refused.message, 'server');
  const resolved = resolveOptions(model, request.options, request.shift, server.defaults);
  if (!resolved.ok) return writer.fail(resolved.status, resolved.message, 'server');
  const prompt = empty ? null : promptOf(model, request);
  if (prompt !== null && request.renderOnly) {
    return writer.empty({ rendered: renderedText(prompt), images: mediaFrom(prompt, 0) });
  }
  const misshapen = empty ? null : formatFault(request.format);
  if (misshapen !== null) return writer.fail(500, misshapen, 'server');
  return complete(
    server,
    res,
    {
      model,
      options: resolved.options,
      keepAliveNs: request.keepAliveNs,
      prompt,
      plan: plan(request, think.thinks),
      wantsContext: !request.raw,
    },
    writer,
  );
}
