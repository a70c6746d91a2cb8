import type { RequestCompletedV1, RequestOptimizedV1, TrafficEvent } from '@rightsize/optimizer-core';
import type { MaintenanceCommand } from './command.js';
import { withDatabase } from './database.js';
import { storyOf } from './explain-story.js';
import type { Finding } from './finding.js';

/** A request has a decision, a completion, at most a truncation, and an event for each attempt that came to nothing. */
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
    const known = { optimized, completed: completed ?? null };
    return { text: storyOf(events as unknown as readonly TrafficEvent[]).join('\n'), json: known, ok: true };
  });
}
