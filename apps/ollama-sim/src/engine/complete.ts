import type { ServerResponse } from 'node:http';
import {
  joinTokens,
  renderFrom,
  sliceTokens,
  tokenIds,
  type ModelCard,
  type Outcome,
  type Prompt,
  type ResolvedOptions,
} from '@rightsize/ollama-model';
import { piecesOf, type AnswerPlan } from './answer-plan.js';
import type { AnswerWriter } from './answer-writer.js';
import type { SimServer } from './server.js';

/** A request for an answer, everything checked. */
export interface Completion {
  readonly model: ModelCard;
  readonly options: ResolvedOptions;
  readonly keepAliveNs: number | null;
  /** Null: only load the model. */
  readonly prompt: Prompt | null;
  readonly plan: AnswerPlan;
  /** The final chunk lists the tokens' numbers. */
  readonly wantsContext: boolean;
}

/** The real server's status and words when the client went away while it was waiting. */
const CANCELLED = { status: 499, message: 'request canceled' } as const;

function contextOf(completion: Completion, prompt: Prompt, outputTokens: number): number[] {
  if (!completion.wantsContext) return [];
  const { model, plan } = completion;
  const whole = joinTokens([renderFrom(prompt, 0), sliceTokens(plan.tokens, 0, outputTokens)]);
  const ids = tokenIds(whole, model.vocabulary);
  return model.addsBos ? ids.slice(1) : ids;
}

function deliver(server: SimServer, completion: Completion, writer: AnswerWriter, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'cancelled':
      return writer.fail(CANCELLED.status, CANCELLED.message, 'server');
    case 'error':
      return writer.fail(outcome.status, outcome.message, outcome.status === 503 ? 'server' : 'runner');
    case 'done': {
      const { final } = outcome;
      if (completion.prompt === null) return writer.empty({ doneReason: 'load' });
      const { plan } = completion;
      const pieces = piecesOf(plan, 0, final.outputTokens);
      const join = (kind: 'thinking' | 'content') =>
        pieces.map((piece) => (piece.kind === kind ? piece.text : '')).join('');
      return writer.finish({
        final,
        cachedTokens: server.defaults.rules.cachedCount ? final.cachedTokens : null,
        thinking: join('thinking'),
        content: join('content'),
        toolCalls: final.outputTokens === plan.tokens.ends.length ? plan.toolCalls : [],
        context: contextOf(completion, completion.prompt, final.outputTokens),
      });
    }
  }
}

/** Runs a completion on the machine and writes what comes of it. A client that leaves frees its slot at once. */
export function complete(server: SimServer, res: ServerResponse, completion: Completion, writer: AnswerWriter): void {
  const { model, options, keepAliveNs, prompt, plan } = completion;
  const work =
    prompt === null ? ({ kind: 'load' } as const) : ({ kind: 'completion', prompt, answer: plan.tokens } as const);
  let finished = false;
  const id = server.time.submit(
    { model, options, keepAliveNs, work },
    {
      streams: writer.streams,
      answering: () => undefined,
      tokens: (from, to) => {
        if (writer.streams) writer.pieces(piecesOf(plan, from, to));
      },
      finished: (outcome) => {
        finished = true;
        if (!res.destroyed) deliver(server, completion, writer, outcome);
      },
    },
  );
  res.once('close', () => {
    if (!finished) server.time.cancel(id);
  });
}
