import { openEventStorage } from '@rightsize/event-store-sqlite';
import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { PolicyRegister } from './policy-register.js';
import { retrainPolicy } from './retrain-policy.js';

/** What came of a retraining that nobody watched, in words for a log. */
export interface UnattendedRetraining {
  readonly activated: boolean;
  readonly says: string;
}

/** Retrains on a whole log, and lets the candidate decide if it is better beyond noise. */
export async function retrainLog(file: string, nowMs: number): Promise<UnattendedRetraining> {
  const { store, readModels, close } = await openEventStorage({ file });
  try {
    const register = await PolicyRegister.open(store, readModels);
    const base = register.policies.named(register.activeId(null)) ?? DEFAULT_POLICY;
    const result = await retrainPolicy(store, { model: null, base });
    if (result.kind === 'too-little') {
      return {
        activated: false,
        says: `${result.requests} requests are too few to train on; ${result.needed} are needed`,
      };
    }
    const { trained } = result;
    await register.recordTrained(trained);
    const { policyId, comparison } = trained;
    const activation = await register.activate(policyId, { reason: 'retrained', forced: false, atMs: nowMs });
    const difference = `${comparison.difference.toFixed(1)} s against ${trained.baseId} over ${comparison.requests} requests`;
    return activation.kind === 'activated'
      ? { activated: true, says: `policy ${policyId} decides from now on: ${difference}` }
      : { activated: false, says: `policy ${policyId} was not activated: ${activation.reason} (${difference})` };
  } finally {
    await close();
  }
}
