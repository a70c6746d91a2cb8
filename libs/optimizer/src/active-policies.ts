import { DEFAULT_POLICY, type PolicyEvent, type PolicyParameters } from '@rightsize/optimizer-core';
import { activeKey, trainedKey, type ActiveRow, type PolicyRow } from './projections/fold-policies.js';
import type { FoldedRows } from './projections/folded-rows.js';

/** Model names come from clients. */
const CAPACITY = 1_000;

interface Resolved {
  readonly by: ActiveRow | null;
  readonly configured: Partial<PolicyParameters>;
  readonly policy: PolicyParameters;
}

/** Which policy decides for a model: the log says, configured numbers go before it. Memory only. */
export class ActivePolicies {
  readonly #rows: FoldedRows<PolicyRow, PolicyEvent>;
  readonly #settings: { readonly policy: Partial<PolicyParameters> };
  readonly #resolved = new Map<string, Resolved>();

  /** The numbers of `settings` are read at each use: they can change at run time. */
  constructor(
    rows: FoldedRows<PolicyRow, PolicyEvent>,
    settings: { readonly policy: Partial<PolicyParameters> } = { policy: {} },
  ) {
    this.#rows = rows;
    this.#settings = settings;
  }

  /** The same object until another policy is activated, or other numbers are configured: plans are solved for it. */
  of(model: string): PolicyParameters {
    const by = this.activation(model);
    const { policy: configured } = this.#settings;
    const known = this.#resolved.get(model);
    if (known && known.by === by && known.configured === configured) return known.policy;
    if (this.#resolved.size >= CAPACITY) this.#resolved.clear();
    const policy = withConfigured(this.named(by?.policyId ?? DEFAULT_POLICY.id) ?? DEFAULT_POLICY, configured);
    this.#resolved.set(model, { by, configured, policy });
    return policy;
  }

  /** What was activated for the model, or for all; null: nothing was. */
  activation(model: string | null): ActiveRow | null {
    return (model === null ? null : this.#active(model)) ?? this.#active(null);
  }

  /** The numbers of a policy that was trained, or of the default one; null: not known. */
  named(policyId: string): PolicyParameters | null {
    if (policyId === DEFAULT_POLICY.id) return DEFAULT_POLICY;
    const row = this.#rows.get(trainedKey(policyId));
    return row?.kind === 'trained' ? row.parameters : null;
  }

  /** Activations that cannot be followed, in words for people. */
  get problems(): readonly string[] {
    return [...this.#rows.values()].flatMap((row) =>
      row.kind === 'active' && this.named(row.policyId) === null
        ? [`policy ${row.policyId} is active but not in the log: ${DEFAULT_POLICY.id} decides`]
        : [],
    );
  }

  #active(model: string | null): ActiveRow | null {
    const row = this.#rows.get(activeKey(model));
    return row?.kind === 'active' ? row : null;
  }
}

/** A decision must name the numbers that made it: changed numbers without a name get one. */
function withConfigured(policy: PolicyParameters, configured: Partial<PolicyParameters>): PolicyParameters {
  if (Object.keys(configured).length === 0) return policy;
  return Object.freeze({ ...policy, id: `${policy.id}+custom`, ...configured });
}
