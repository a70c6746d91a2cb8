import type { Decision } from './decision.js';

/**
 * The decision of one that changes the runner, when another waits behind it that needs more: its turn comes
 * next, and it would load again. `wider` is what was decided for that one, against the same runner.
 */
export function widenDecision(decision: Decision, wider: Decision): Decision {
  const { numCtx } = decision;
  if (numCtx === null || wider.numCtx === null || wider.numCtx <= numCtx) return decision;
  const need = Math.ceil(wider.inputs.need);
  return {
    ...decision,
    numCtx: wider.numCtx,
    rule: wider.rule,
    rejected: [
      ...decision.rejected,
      { numCtx, reason: `would do, but a request that waits behind this one needs ${need} tokens` },
    ],
  };
}
