import { beliefsOf, DEFAULT_BELIEFS, DEFAULT_POLICY, type PolicyParameters } from '@rightsize/optimizer-core';

const NUMBERS = Object.keys(DEFAULT_POLICY).filter((key) => key !== 'id');
const BELIEFS = Object.keys(DEFAULT_BELIEFS);

/** Names of the numbers of a policy, as {@link withNumber} takes them. */
export const POLICY_NUMBERS: readonly string[] = [...NUMBERS, ...BELIEFS.map((key) => `beliefs.${key}`)];

/** The policy with one number changed: `headroom=2`, `beliefs.ladderStep=1.1`. Throws an error that names what is wrong. */
export function withNumber(policy: PolicyParameters, setting: string): PolicyParameters {
  const [key = '', text = ''] = setting.split('=', 2);
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`${setting}: give a number, such as headroom=2`);
  return changed(policy, key, value, setting);
}

/** A policy out of a file: numbers that it does not give are those of `base`. Throws an error that names what is wrong. */
export function policyFrom(json: unknown, base: PolicyParameters, where: string): PolicyParameters {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${where}: not a JSON object`);
  const { id, beliefs = {}, tokensPer, ...numbers } = json as Record<string, unknown>;
  if (typeof beliefs !== 'object' || beliefs === null) throw new Error(`${where}: beliefs must be an object`);
  const entries = [
    ...Object.entries(numbers),
    ...Object.entries(beliefs).map(([key, value]) => [`beliefs.${key}`, value] as const),
  ];
  const policy = entries.reduce((one, [key, value]) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${where}: ${key} must be a number`);
    return changed(one, key, value, where);
  }, base);
  const named = { ...policy, id: typeof id === 'string' ? id : where };
  if (tokensPer === undefined) return named;
  if (!Array.isArray(tokensPer) || !tokensPer.every((part): part is number => Number.isFinite(part))) {
    throw new Error(`${where}: tokensPer must be a list of numbers`);
  }
  return { ...named, tokensPer };
}

function changed(policy: PolicyParameters, key: string, value: number, where: string): PolicyParameters {
  if (!POLICY_NUMBERS.includes(key)) {
    throw new Error(`${where}: no number of a policy is called ${key}; there are ${POLICY_NUMBERS.join(', ')}`);
  }
  if (!key.startsWith('beliefs.')) return { ...policy, [key]: value };
  return { ...policy, beliefs: { ...beliefsOf(policy), [key.slice('beliefs.'.length)]: value } };
}
