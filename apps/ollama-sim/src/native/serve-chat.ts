import type { ServerResponse } from 'node:http';
import {
  chatPrompt,
  hasCapability,
  mediaFrom,
  renderedText,
  resolveOptions,
  type ModelCard,
} from '@rightsize/ollama-model';
import { planAnswer, type AnswerPlan } from '../engine/answer-plan.js';
import type { AnswerWriter } from '../engine/answer-writer.js';
import { complete } from '../engine/complete.js';
import { answerRemotely } from '../engine/remote.js';
import type { SimServer } from '../engine/server.js';
import { goJson } from '../go/json-text.js';
import type { ChatRequest } from './chat-request.js';
import { findModel, longName } from './find-model.js';
import { formatFault } from './format.js';
import { resolveThink } from './think.js';

function plan(request: ChatRequest, thinks: boolean): AnswerPlan {
  const system = request.messages.find((message) => message.role === 'system')?.content;
  const first = request.messages[0]?.content ?? '';
  const last = request.messages.at(-1);
  const seed = request.options.seed;
  return planAnswer({
    template: system ?? first.split(/\s+/).slice(0, 6).join(' '),
    prompt: goJson(request.messages),
    seed: typeof seed === 'number' ? seed : 0,
    thinks,
    tools: request.tools,
    afterTool: last?.role === 'tool',
    format: request.format,
  });
}

function capabilityFault(model: ModelCard, request: ChatRequest): string | null {
  if (!hasCapability(model, 'completion')) return `${JSON.stringify(request.model)} does not support chat`;
  const tools = request.tools.length > 0 && !hasCapability(model, 'tools');
  return tools ? `${longName(model)} does not support tools` : null;
}

/** Answers a chat: checks in the order of the real server, then schedules. */
export function serveChat(server: SimServer, res: ServerResponse, request: ChatRequest, writer: AnswerWriter): void {
  const found = findModel(server, request.model, '/api/chat', { status: 400, message: 'model is required' });
  if (found.kind === 'fault') return writer.fail(found.status, found.message, 'server');
  const { model } = found;
  const empty = request.messages.length === 0;
  if (empty && request.keepAliveNs === 0) {
    server.time.unload(model);
    return writer.empty({ doneReason: 'unload' });
  }
  const think = resolveThink(model, request.model, request.think, request.relaxThink);
  if (!think.ok) return writer.fail(400, think.message, 'server');
  if (found.kind === 'remote') return answerRemotely(plan(request, think.thinks), writer);
  const lacking = capabilityFault(model, request);
  if (lacking !== null) return writer.fail(400, lacking, 'server');
  const resolved = resolveOptions(model, request.options, request.shift, server.defaults);
  if (!resolved.ok) return writer.fail(resolved.status, resolved.message, 'server');
  const tools = request.tools.length === 0 ? '' : goJson(request.tools);
  const prompt = empty ? null : chatPrompt(model, request.messages, tools, request.truncate);
  if (prompt !== null && request.renderOnly) {
    return writer.empty({ rendered: renderedText(prompt), images: mediaFrom(prompt, 0) });
  }
  const fault = empty ? null : formatFault(request.format);
  if (fault !== null) return writer.fail(500, fault, 'server');
  return complete(
    server,
    res,
    {
      model,
      options: resolved.options,
      keepAliveNs: request.keepAliveNs,
      prompt,
      plan: plan(request, think.thinks),
      wantsContext: false,
    },
    writer,
  );
}
