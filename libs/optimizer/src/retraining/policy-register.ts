import type { EventStore, ExpectedVersion, ReadModelStore } from '@rightsize/event-store';
import {
  DEFAULT_POLICY,
  type PolicyActivatedV1,
  type PolicyEvent,
  type PolicyTrainedV1,
} from '@rightsize/optimizer-core';
import { ActivePolicies } from '../active-policies.js';
import { newId } from '../new-id.js';
import { bringUpToDate } from '../projections/bring-up-to-date.js';
import type { ActiveRow } from '../projections/fold-policies.js';
import { ReadModels } from '../projections/read-models.js';

export type Activation =
  | { readonly kind: 'activated'; readonly event: PolicyActivatedV1 }
  | { readonly kind: 'refused'; readonly reason: string };

/** Policies as the log has them, for whoever changes them beside a running gateway: which takes them up from the log. */
export class PolicyRegister {
  readonly #store: EventStore;
  readonly #rows: ReadModels['policies'];
  readonly #active: ActivePolicies;

  private constructor(store: EventStore, rows: ReadModels['policies']) {
    this.#store = store;
    this.#rows = rows;
    this.#active = new ActivePolicies(rows);
  }

  static async open(store: EventStore, readModels: ReadModelStore): Promise<PolicyRegister> {
    const { policies } = new ReadModels();
    await bringUpToDate(policies, store, readModels);
    return new PolicyRegister(store, policies);
  }

  /** The latest last. */
  trained(): readonly PolicyTrainedV1[] {
    return [...this.#rows.values()].flatMap((row) => (row.kind === 'trained' ? [row] : []));
  }

  /** What decides for each model that has one of its own, and for all others (null). */
  active(): readonly ActiveRow[] {
    return [...this.#rows.values()].flatMap((row) => (row.kind === 'active' ? [row] : []));
  }

  activeId(model: string | null): string {
    return this.#active.activation(model)?.policyId ?? DEFAULT_POLICY.id;
  }

  get policies(): ActivePolicies {
    return this.#active;
  }

  async recordTrained(trained: PolicyTrainedV1): Promise<void> {
    // The same log gives the same policy: told once, it is there.
    await this.#append(`policy-${trained.policyId}`, { type: 'policy.trained', data: trained }, 0);
  }

  /** Refused when it was not shown to be better than what decides now, unless forced. */
  async activate(
    policyId: string,
    {
      reason,
      forced,
      dryRun = false,
      atMs,
    }: Pick<PolicyActivatedV1, 'forced' | 'atMs'> & {
      readonly reason: 'retrained' | 'chosen';
      readonly dryRun?: boolean;
    },
  ): Promise<Activation> {
    const trained = this.trained().find((row) => row.policyId === policyId);
    if (trained === undefined && policyId !== DEFAULT_POLICY.id) {
      return { kind: 'refused', reason: `the log holds no policy ${policyId}` };
    }
    const model = trained?.model ?? null;
    const previousId = this.activeId(model);
    if (previousId === policyId) return { kind: 'refused', reason: `${policyId} decides already` };
    const objection = trained === undefined ? null : objectionTo(trained, previousId);
    if (objection !== null && !forced) return { kind: 'refused', reason: objection };
    const event: PolicyActivatedV1 = { policyId, previousId, model, reason, forced: objection !== null, atMs };
    return this.#record(event, dryRun);
  }

  /** Back to what decided before; again: further back. */
  async rollback(model: string | null, atMs: number, dryRun = false): Promise<Activation> {
    const now = this.active().find((row) => row.model === model);
    const before = now?.before.at(-1);
    if (now === undefined || before === undefined) {
      return {
        kind: 'refused',
        reason: `nothing was activated${model === null ? '' : ` for ${model}`} to go back from`,
      };
    }
    const event = {
      policyId: before,
      previousId: now.policyId,
      model,
      reason: 'rollback',
      forced: false,
      atMs,
    } as const;
    return this.#record(event, dryRun);
  }

  async #record(event: PolicyActivatedV1, dryRun: boolean): Promise<Activation> {
    if (!dryRun) await this.#append(`policy-activations`, { type: 'policy.activated', data: event });
    return { kind: 'activated', event };
  }

  async #append(stream: string, event: PolicyEvent, expected: ExpectedVersion = 'any'): Promise<void> {
    await this.#store.append(stream, [{ id: newId(), ...event, schemaVersion: 1, metadata: {} }], expected);
    this.#rows.applyDomain(event);
  }
}

function objectionTo({ comparison, baseId }: PolicyTrainedV1, previousId: string): string | null {
  if (baseId !== previousId) return `it was compared with ${baseId}, but ${previousId} decides now`;
  const { verdict, sessions } = comparison;
  switch (verdict) {
    case 'better':
      return null;
    case 'unknown':
      return `${sessions} sessions are too few to tell`;
    case 'same':
      return 'it is not better beyond noise';
    case 'worse':
      return 'it is worse';
  }
}
