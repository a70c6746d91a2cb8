import { sliceTokens } from '@rightsize/ollama-model';
import { piecesOf, type AnswerPlan } from './answer-plan.js';
import type { AnswerWriter } from './answer-writer.js';

/** Models that run elsewhere load nothing here and heed no runner options: the answer is there at once. */
export function answerRemotely(plan: AnswerPlan, writer: AnswerWriter): void {
  const outputTokens = plan.tokens.ends.length;
  const pieces = piecesOf(plan, 0, outputTokens);
  if (writer.streams) writer.pieces(pieces);
  const join = (kind: 'thinking' | 'content') => pieces.map((each) => (each.kind === kind ? each.text : '')).join('');
  writer.finish({
    final: {
      doneReason: 'stop',
      totalNs: outputTokens * 10_000_000,
      loadNs: 0,
      promptTokens: sliceTokens(plan.tokens, 0, outputTokens).ends.length,
      cachedTokens: 0,
      prefillNs: 0,
      outputTokens,
      decodeNs: 0,
      numCtx: 0,
      prompt: null,
      shifted: false,
    },
    cachedTokens: null,
    thinking: join('thinking'),
    content: join('content'),
    toolCalls: plan.toolCalls,
    context: [],
  });
}
