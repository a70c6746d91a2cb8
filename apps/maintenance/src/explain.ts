import type { RequestCompletedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

/** A request has a decision, a completion and at most a truncation. */
const STREAM_LIMIT = 16;

export const explain: MaintenanceCommand = {
  usage: 'explain <decision>',
  summary: 'tell why a request got its window; the id is in the header x-rightsize-decision',
  examples: ['explain 01a20738-58f7-70a9-8272-be1d9a9a3044', 'explain 01a20738-58f7-70a9-8272-be1d9a9a3044 --json'],
  exits: { 0: 'the decision was found' },
  run: ({ db, args: [id] }) => explainDecision(db, id!),
};

/** What a decision was made from, what was rejected, and how it ended. */
export function explainDecision(file: string, requestId: string): Promise<Finding> {
  return withDatabase(file, async ({ store }) => {
    const events = await store.readStream(`request-${requestId}`, { from: 1, limit: STREAM_LIMIT });
    const optimized = events.find(({ type }) => type === 'request.optimized')?.data as RequestOptimizedV1 | undefined;
    const completed = events.find(({ type }) => type === 'request.completed')?.data as RequestCompletedV1 | undefined;
    if (!optimized) throw new Error(`${file} holds no decision ${requestId}`);
    const lines = [
      ...decisionLines(optimized),
      ...(completed ? completionLines(completed) : ['It has not been completed.']),
    ];
    return { text: lines.join('\n'), json: { optimized, completed: completed ?? null }, ok: true };
  });
}

function decisionLines({
  requestId,
  model,
  route,
  client,
  mode,
  imposed,
  templateId,
  decision,
  atMs,
}: RequestOptimizedV1): string[] {
  const { inputs, rule, numCtx, rejected, prices, policyId } = decision;
  return [
    `${requestId} at ${new Date(atMs).toISOString()}: ${route} for ${model}${client === null ? '' : ` from ${client}`}`,
    `  decided: ${numCtx ?? 'nothing'} (${rule}, policy ${policyId}), ${imposed ? 'imposed' : `not imposed (${mode})`}`,
    `  template: ${templateId ?? 'none yet'}`,
    `  prompt: ${Math.round(inputs.promptEstimate)} tokens expected, ${Math.round(inputs.promptBound)} at most`,
    `  answer: ${Math.round(inputs.outputBound)} tokens at most, from ${inputs.outputSource}`,
    `  need: ${inputs.need} tokens; loaded: ${inputs.loadedWindow ?? 'nothing'}; trained: ${inputs.trainedContext ?? 'unknown'}; fits memory: ${inputs.memoryWindow ?? 'no limit known'}`,
    ...rejected.map((candidate) => `  not ${candidate.numCtx}: ${candidate.reason}`),
    ...(prices ?? []).map((priced) => `  ${priced.numCtx} would cost ${priced.seconds.toFixed(2)} s from here on`),
  ];
}

function completionLines(completed: RequestCompletedV1): string[] {
  const { status, doneReason, promptTokens, outputTokens, loadNs, totalNs, taints } = completed;
  return [
    `  ended: status ${status}, ${doneReason ?? 'no final chunk'}; ${promptTokens ?? '?'} prompt and ${outputTokens ?? '?'} answer tokens`,
    `  took: ${seconds(totalNs)} in all, ${seconds(loadNs)} of it loading or waiting for the runner`,
    ...(taints.length > 0 ? [`  teaches nothing or not all, because: ${taints.join(', ')}`] : []),
  ];
}

function seconds(ns: number | null): string {
  return ns === null ? '? s' : `${(ns / 1e9).toFixed(2)} s`;
}
