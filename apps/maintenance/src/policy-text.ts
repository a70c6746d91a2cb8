import {
  beliefsOf,
  COST_COMPONENTS,
  totalCost,
  type PolicyComparison,
  type PolicyParameters,
  type PolicyTrainedV1,
} from '@rightsize/optimizer-core';

const WORDS = {
  better: 'better beyond noise',
  same: 'no difference beyond noise',
  worse: 'worse beyond noise',
  unknown: 'too few sessions to tell',
} as const;

/** Both costs by what they went into, and how sure the difference is. */
export function comparisonLines({ requests, sessions, active, candidate, ...rest }: PolicyComparison): string[] {
  const { difference, interval, verdict } = rest;
  const row = (name: string, was: number, is: number): string =>
    `  ${name.padEnd(8)}${was.toFixed(1).padStart(12)}${is.toFixed(1).padStart(12)}`;
  return [
    `  ${'seconds'.padEnd(8)}${'active'.padStart(12)}${'candidate'.padStart(12)}`,
    ...COST_COMPONENTS.map((component) => row(component, active[component], candidate[component])),
    row('all', totalCost(active), totalCost(candidate)),
    `  candidate minus active: ${signed(difference)} s, 95 % between ${signed(interval[0])} and ${signed(interval[1])} s`,
    `  over ${requests} requests in ${sessions} sessions: ${WORDS[verdict]}`,
  ];
}

/** The numbers in which a policy differs from another. */
export function changedNumbers(policy: PolicyParameters, base: PolicyParameters): string[] {
  const [was, is] = [flat(base), flat(policy)];
  return Object.keys(is)
    .filter((key) => key !== 'id' && is[key] !== was[key])
    .map((key) => `  ${key}: ${inWords(was[key])} -> ${inWords(is[key])}`);
}

export function trainedLine({ policyId, model, baseId, trainedOn, comparison }: PolicyTrainedV1): string {
  const { difference, verdict } = comparison;
  return `${policyId}${model === null ? '' : ` for ${model}`}: from events ${trainedOn.from} to ${trainedOn.to}, ${signed(difference)} s against ${baseId}, ${WORDS[verdict]}`;
}

function flat(policy: PolicyParameters): Record<string, unknown> {
  const { beliefs: _given, ...numbers } = policy;
  const beliefs = beliefsOf(policy);
  return {
    ...numbers,
    ...Object.fromEntries(Object.entries(beliefs).map(([key, value]) => [`beliefs.${key}`, value])),
  };
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map((part: number) => part.toPrecision(3)).join(' ');
  return value === undefined ? 'as expected of any' : String(value);
}

function signed(seconds: number): string {
  return `${seconds > 0 ? '+' : ''}${seconds.toFixed(1)}`;
}
