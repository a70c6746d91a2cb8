import type { PolicyParameters } from '../decision.js';
import type { SizingBeliefs } from '../policy/beliefs.js';
import { beliefsOf, fitMachine, fitTokens, fitTraffic, type FittedTraffic, type MachineSeen } from './fit-beliefs.js';
import type { RecordedRequest } from './recorded-request.js';

/** Seconds that a policy costs, replayed over traffic that is not what it will be judged on. */
export type Judge = (policy: PolicyParameters) => number;

/** A change counts when it saves at least this share: smaller gains on past traffic are luck. */
const LEAST_GAIN = 0.02;

/** One number, or some that belong together, tried in other sizes. */
interface Step {
  readonly about: string;
  readonly tries: (policy: PolicyParameters) => readonly PolicyParameters[];
}

/** What was tried, for whoever watches. */
export interface TrainingProgress {
  readonly about: string;
  readonly seconds: number;
}

/**
 * A policy made for the traffic given: what can be fitted is fitted, then each group of numbers is kept
 * only where replaying past traffic says that it saves something. Pure: the same input, the same policy.
 * Not trained are the two wishes, `memoryPrice` and `shiftPrice`.
 */
export function train(
  base: PolicyParameters,
  requests: readonly RecordedRequest[],
  machines: readonly MachineSeen[],
  judge: Judge,
  onStep: (progress: TrainingProgress) => void = () => undefined,
): PolicyParameters {
  const fitted = fitTraffic(requests, base);
  if (fitted === null) return base;
  let best = base;
  let least = judge(base);
  for (const { about, tries } of steps(fitted, machines)) {
    const start = best;
    for (const tried of tries(start)) {
      const seconds = judge(tried);
      if (seconds < least * (1 - LEAST_GAIN)) [best, least] = [tried, seconds];
    }
    onStep({ about, seconds: least });
  }
  return best;
}

/** How many steps {@link train} takes at most, for progress bars. */
export const TRAINING_STEPS = 11;

function steps(fitted: FittedTraffic, machines: readonly MachineSeen[]): readonly Step[] {
  const { answerTokens, needTokens, ...habits } = fitted.beliefs;
  const tokensPer = fitTokens(machines);
  const windows = [...new Set(fitted.needs.map((need) => Math.ceil(need / 256) * 256))];
  return [
    {
      about: 'lengths of answers',
      tries: (policy) => [
        { ...withBeliefs(policy, { answerTokens, needTokens }), unknownOutput: fitted.unknownOutput },
      ],
    },
    { about: 'habits of conversations', tries: (policy) => [withBeliefs(policy, habits)] },
    { about: 'the machine', tries: (policy) => [withBeliefs(policy, fitMachine(machines))] },
    { about: 'tokens of texts', tries: (policy) => (tokensPer === null ? [] : [{ ...policy, tokensPer }]) },
    {
      about: 'the first window',
      tries: (policy) => windows.map((unknownWindow) => ({ ...policy, unknownWindow })),
    },
    numbers('margin', [0, 0.08], (policy, margin) => ({ ...policy, margin })),
    numbers('headroom', [1.2, 2], (policy, headroom) => ({ ...policy, headroom })),
    numbers('what templates share', [2, 32], (policy, othersWeight) => withBeliefs(policy, { othersWeight })),
    numbers('the tail of answers', [0.25, 4], (policy, tailWeight) => withBeliefs(policy, { tailWeight })),
    numbers('how fast answers are forgotten', [60, 1500], (policy, answerHalfLife) =>
      withBeliefs(policy, { answerHalfLife }),
    ),
    numbers('steps between windows', [1.03, 1.15], (policy, ladderStep) => withBeliefs(policy, { ladderStep })),
  ];
}

function numbers(
  about: string,
  values: readonly number[],
  apply: (policy: PolicyParameters, value: number) => PolicyParameters,
): Step {
  return { about, tries: (policy) => values.map((value) => apply(policy, value)) };
}

function withBeliefs(policy: PolicyParameters, beliefs: Partial<SizingBeliefs>): PolicyParameters {
  const given = Object.fromEntries(Object.entries(beliefs).filter(([, value]) => value !== undefined));
  return { ...policy, beliefs: { ...beliefsOf(policy), ...given } };
}
