import * as fc from 'fast-check';
import { decide, type Decision, type DecisionInput } from '../src/index.js';
import { decisionInput, facts, modelAfter, runner, sizedFeatures, templateAfter, times } from './given.js';

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });
const tokens = fc.integer({ min: 1, max: 200_000 });

const inputs: fc.Arbitrary<DecisionInput> = fc
  .record({
    prompt: fc.nat(200_000),
    numPredict: optional(tokens),
    numCtx: optional(tokens),
    preload: fc.boolean(),
    loaded: optional(tokens),
    trained: optional(fc.integer({ min: 512, max: 262_144 })),
    memoryWindow: optional(fc.nat(200_000)),
    clientWindow: fc.constantFrom('hint', 'floor', 'exact'),
    answers: fc.array(fc.tuple(tokens, tokens), { maxLength: 20 }),
    limited: fc.nat(3),
  })
  .map(({ prompt, numPredict, numCtx, preload, loaded, trained, memoryWindow, clientWindow, answers, limited }) => {
    const completions = [
      ...answers.map(([promptTokens, outputTokens]) => ({ promptTokens, outputTokens })),
      ...times(limited, { taints: ['length'] } as const),
    ];
    return decisionInput({
      features: sizedFeatures(prompt, { numPredict, numCtx, preload }),
      runner: loaded === null ? null : runner(loaded),
      facts: facts({ trainedContext: trained }),
      modelStatistics: answers.length === 0 ? null : modelAfter(...completions),
      templateStatistics: answers.length % 2 === 0 ? null : templateAfter(...completions),
      clientWindow: clientWindow as DecisionInput['clientWindow'],
      memoryWindow,
    });
  });

/** How a decision breaks the rule, shrunk to a small input; null when 500 of them keep it. */
function violation(holds: (input: DecisionInput, decision: Decision) => boolean): string | null {
  const run = fc.check(
    fc.property(inputs, (input) => holds(input, decide(input))),
    { numRuns: 500 },
  );
  return run.failed ? (fc.defaultReportMessage(run) ?? 'broken') : null;
}

const loads = ({ rule }: Decision): boolean => rule === 'open' || rule === 'grow';

describe('every decision', () => {
  it('holds the need, as far as the model was trained for it, unless the client is to be obeyed', () => {
    const broken = violation((input, { rule, numCtx, inputs: { need, trainedContext } }) =>
      rule === 'client-exact'
        ? numCtx === input.features.numCtx
        : numCtx! >= Math.min(need, trainedContext ?? Infinity),
    );
    expect(broken).toBeNull();
  });

  it('that stays asks for exactly what is loaded', () => {
    expect(violation((input, { rule, numCtx }) => rule !== 'stay' || numCtx === input.runner!.window)).toBeNull();
  });

  it('never reloads a runner that holds the need', () => {
    const broken = violation(({ clientWindow, runner: loaded }, { rule, inputs: { need } }) => {
      const holds = clientWindow === 'hint' && loaded !== null && loaded.window >= need;
      return !holds || rule === 'stay';
    });
    expect(broken).toBeNull();
  });

  it('that loads asks for a multiple of 256 within the trained context', () => {
    const broken = violation((_, decision) => {
      const { numCtx } = decision;
      const { trainedContext } = decision.inputs;
      if (!loads(decision)) return true;
      return numCtx! <= (trainedContext ?? Infinity) && (numCtx! % 256 === 0 || numCtx === trainedContext);
    });
    expect(broken).toBeNull();
  });

  it('takes more than the smallest window for the need only where the memory has it', () => {
    const broken = violation(({ memoryWindow, clientWindow, policy }, decision) => {
      if (clientWindow !== 'hint' || memoryWindow === null || !loads(decision)) return true;
      const smallest = Math.max(policy.minWindow, Math.ceil(decision.inputs.need / 256) * 256);
      return decision.numCtx! <= Math.max(smallest, memoryWindow);
    });
    expect(broken).toBeNull();
  });

  it('reserves no more for the answer than the client allows', () => {
    expect(
      violation((input, decision) => decision.inputs.outputBound <= (input.features.numPredict ?? Infinity)),
    ).toBeNull();
  });

  it('is the same for the same input, and survives JSON', () => {
    const broken = violation((input, decision) => {
      expect(decide(structuredClone(input))).toEqual(decision);
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
      return true;
    });
    expect(broken).toBeNull();
  });

  it('rejects no window that it chose', () => {
    expect(
      violation((_, { numCtx, rejected }) => rejected.every((candidate) => candidate.numCtx !== numCtx)),
    ).toBeNull();
  });
});
