import * as fc from 'fast-check';
import { type MachineEvent, type OllamaMachine } from '../src/index.js';
import { LLAMA, QWEN, SECOND, SMALL, machineWith, runOn, submission } from './fixtures.js';

const MODELS = [LLAMA, QWEN, SMALL];

type Step =
  | {
      readonly kind: 'submit';
      readonly model: number;
      readonly numCtx: number;
      readonly answer: number;
      readonly keepAlive: number | null;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'wait'; readonly seconds: number };

const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('submit' as const),
        model: fc.nat({ max: 2 }),
        numCtx: fc.constantFrom(0, 2048, 4096, 8192, 16384),
        answer: fc.integer({ min: 1, max: 500 }),
        keepAlive: fc.constantFrom(null, null, 0, 5, 600),
      }),
    },
    fc.record({ kind: fc.constant('cancel' as const), id: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(0.01, 1, 20, 400) }),
  ),
  { maxLength: 25 },
);

interface Played {
  readonly events: readonly MachineEvent[];
  readonly submitted: number;
}

function play(machine: OllamaMachine, steps: readonly Step[], watch: () => void): Played {
  const events: MachineEvent[] = [];
  let submitted = 0;
  for (const step of steps) {
    if (step.kind === 'submit') {
      submitted += 1;
      const options = step.numCtx === 0 ? {} : { num_ctx: step.numCtx };
      const keepAliveNs = step.keepAlive === null ? null : step.keepAlive * SECOND;
      const model = MODELS[step.model] ?? LLAMA;
      events.push(...machine.submit(submission(submitted, { model, options, keepAliveNs, answerTokens: step.answer })));
    } else if (step.kind === 'cancel') {
      events.push(...machine.cancel(step.id));
    } else {
      events.push(...machine.advance(machine.nowNs + step.seconds * SECOND));
    }
    watch();
  }
  events.push(...runOn(machine));
  return { events, submitted };
}

describe('whatever happens to the machine', () => {
  it('every request ends exactly once', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const machine = machineWith({ parallel: 2, maxQueue: 4 });
        const { events, submitted } = play(machine, steps, () => undefined);
        const ended = events.flatMap((event) => (event.type === 'finished' ? [event.id] : []));
        expect(ended.toSorted((a, b) => a - b)).toEqual(Array.from({ length: submitted }, (_, i) => i + 1));
        expect(machine.pending).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('the same steps give the same events at the same instants', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const once = play(machineWith(), steps, () => undefined);
        const again = play(machineWith(), steps, () => undefined);
        expect(JSON.stringify(again)).toBe(JSON.stringify(once));
      }),
      { numRuns: 50 },
    );
  });

  it('events come in the order of time', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const { events } = play(machineWith({ parallel: 3 }), steps, () => undefined);
        expect(events.every((event, at) => at === 0 || event.atNs >= (events[at - 1]?.atNs ?? 0))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('never more runners than allowed, one for a file, and no more answers at once than slots', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const machine = machineWith({ parallel: 1, maxLoaded: 2 });
        const { events } = play(machine, steps, () => {
          const blobs = machine.runners().map((runner) => runner.model.blob);
          expect(blobs.length).toBeLessThanOrEqual(2);
          expect(new Set(blobs).size).toBe(blobs.length);
        });
        const answering = new Set<number>();
        let most = 0;
        for (const event of events) {
          if (event.type === 'answering') answering.add(event.id);
          else answering.delete(event.id);
          most = Math.max(most, answering.size);
        }
        expect(most).toBeLessThanOrEqual(2);
      }),
      { numRuns: 50 },
    );
  });

  it('the parts of a duration never exceed the whole', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const { events } = play(machineWith({ parallel: 2 }), steps, () => undefined);
        for (const event of events) {
          if (event.type !== 'finished' || event.outcome.kind !== 'done') continue;
          const { totalNs, loadNs, prefillNs, decodeNs } = event.outcome.final;
          expect(loadNs + prefillNs + decodeNs).toBeLessThanOrEqual(totalNs + 1);
        }
      }),
      { numRuns: 50 },
    );
  });
});
