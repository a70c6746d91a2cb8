import type { PolicyEvent, PolicyTrainedV1 } from '@rightsize/optimizer-core';

/** What decides for a model, or for all that have none of their own, and what did before. */
export interface ActiveRow {
  readonly kind: 'active';
  readonly model: string | null;
  readonly policyId: string;
  readonly sinceMs: number;
  /** What a rollback goes back to is at the end. */
  readonly before: readonly string[];
}

export type PolicyRow = ({ readonly kind: 'trained' } & PolicyTrainedV1) | ActiveRow;

/** Further back than this nobody rolls. */
const MAX_BEFORE = 32;

export function trainedKey(policyId: string): string {
  return `trained:${policyId}`;
}

export function activeKey(model: string | null): string {
  return `active:${model ?? ''}`;
}

export function policyKey(event: PolicyEvent): string {
  return event.type === 'policy.trained' ? trainedKey(event.data.policyId) : activeKey(event.data.model);
}

export function foldPolicies(row: PolicyRow | undefined, event: PolicyEvent): PolicyRow {
  if (event.type === 'policy.trained') return { kind: 'trained', ...event.data };
  const { policyId, previousId, model, reason, atMs } = event.data;
  const before = row?.kind === 'active' ? row.before : [];
  return {
    kind: 'active',
    model,
    policyId,
    sinceMs: atMs,
    before: reason === 'rollback' ? before.slice(0, -1) : [...before, previousId].slice(-MAX_BEFORE),
  };
}
