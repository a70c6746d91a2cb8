import { readFileSync } from 'node:fs';
import {
  DEFAULT_POLICY,
  type PolicyActivatedV1,
  type PolicyEvent,
  type PolicyTrainedV1,
} from '@rightsize/optimizer-core';
import { ActivePolicies, ReadModels } from '../src/index.js';

const MODEL = 'm:latest';

function golden(type: string): PolicyTrainedV1 {
  const file = new URL(`../../../test/golden/${type}.v1.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { data: PolicyTrainedV1 }).data;
}

function trained(policyId: string): PolicyEvent {
  const data = golden('policy.trained');
  return { type: 'policy.trained', data: { ...data, policyId, parameters: { ...data.parameters, id: policyId } } };
}

function activated(policyId: string, over: Partial<PolicyActivatedV1> = {}): PolicyEvent {
  const data = {
    policyId,
    previousId: DEFAULT_POLICY.id,
    model: null,
    reason: 'chosen',
    forced: false,
    atMs: 1,
  } as const;
  return { type: 'policy.activated', data: { ...data, ...over } };
}

function after(...events: readonly PolicyEvent[]): { policies: ActivePolicies; readModels: ReadModels } {
  const readModels = new ReadModels();
  for (const event of events) readModels.policies.applyDomain(event);
  return { policies: new ActivePolicies(readModels.policies), readModels };
}

describe('the policy that decides', () => {
  it('is the default one until another is activated: training alone changes nothing', () => {
    expect(after(trained('a')).policies.of(MODEL)).toBe(DEFAULT_POLICY);
    expect(after(trained('a'), activated('a')).policies.of(MODEL)).toMatchObject({ id: 'a', unknownOutput: 6400 });
  });

  it('changes while it is being asked, without a restart', () => {
    const { policies, readModels } = after(trained('a'));
    expect(policies.of(MODEL).id).toBe(DEFAULT_POLICY.id);
    readModels.policies.applyDomain(activated('a'));
    expect(policies.of(MODEL).id).toBe('a');
  });

  it('stays the same object until then, since plans are solved for it', () => {
    const { policies } = after(trained('a'), activated('a'));
    expect(policies.of(MODEL)).toBe(policies.of(MODEL));
  });

  it('of one model goes before that of all', () => {
    const { policies } = after(trained('a'), trained('b'), activated('a'), activated('b', { model: MODEL }));
    expect(policies.of(MODEL).id).toBe('b');
    expect(policies.of('other:latest').id).toBe('a');
  });

  it('goes back step by step', () => {
    const { policies, readModels } = after(
      trained('a'),
      trained('b'),
      activated('a'),
      activated('b', { previousId: 'a' }),
    );
    expect(policies.activation(null)?.before).toEqual([DEFAULT_POLICY.id, 'a']);
    readModels.policies.applyDomain(activated('a', { previousId: 'b', reason: 'rollback' }));
    expect(policies.of(MODEL).id).toBe('a');
    expect(policies.activation(null)?.before).toEqual([DEFAULT_POLICY.id]);
  });

  it('takes configured numbers before its own, and says so by its name', () => {
    const { readModels } = after(trained('a'), activated('a'));
    const policies = new ActivePolicies(readModels.policies, { policy: { headroom: 3 } });
    expect(policies.of(MODEL)).toMatchObject({ id: 'a+custom', headroom: 3, unknownOutput: 6400 });
    const settings = { policy: { id: 'mine', headroom: 3 } };
    const changing = new ActivePolicies(readModels.policies, settings);
    const before = changing.of(MODEL);
    expect(changing.of(MODEL)).toBe(before);
    settings.policy = { id: 'other', headroom: 4 };
    expect(changing.of(MODEL)).toMatchObject({ id: 'other', headroom: 4 });
    expect(new ActivePolicies(readModels.policies, { policy: { id: 'mine', headroom: 3 } }).of(MODEL).id).toBe('mine');
  });

  it('is the default one, and a problem, when the log does not hold what was activated', () => {
    const { policies } = after(activated('gone'));
    expect(policies.of(MODEL)).toBe(DEFAULT_POLICY);
    expect(policies.problems.join()).toContain('gone');
  });
});
