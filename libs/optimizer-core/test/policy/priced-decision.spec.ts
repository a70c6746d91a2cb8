import { decide, DEFAULT_POLICY, foldSizing, solve, type DecisionInput, type SizingState } from '../../src/index.js';
import { decisionInput, facts, runner, sizedFeatures } from '../given.js';
import { atMs, completion, loaded, stateAfter } from './traffic.js';

const priced = (state: SizingState, second: number, over: Partial<DecisionInput>, conversation: string | null = null) =>
  decide(
    decisionInput({
      ...over,
      sizing: {
        state,
        plan: solve(state, atMs(second), facts(), DEFAULT_POLICY, null, null),
        nowMs: atMs(second),
        isNew: true,
        conversation,
        templateId: 'chat',
        refuses: true,
      },
    }),
  );

const short = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    completion({ at: index * 30, prompt: 800 + (index % 7) * 60, output: 200 + (index % 5) * 40 }),
  );

const spilling = { sizeBytes: 11 * 2 ** 30, sizeVramBytes: 8 * 2 ** 30 };

describe('pricing windows', () => {
  it('stays where a slightly smaller window would do: a reload costs more than the memory', () => {
    const { rule, numCtx } = priced(stateAfter(loaded(4096, 4), ...short(100)), 3000, { runner: runner(4096) });
    expect([rule, numCtx]).toEqual(['stay', 4096]);
  });

  it('shrinks a window that holds memory which the traffic does not need', () => {
    const { rule, numCtx } = priced(stateAfter(loaded(65_536, 4), ...short(100)), 3000, { runner: runner(65_536) });
    expect(rule).toBe('shrink');
    expect(numCtx).toBeLessThan(8192);
  });

  it('shrinks back from a spill to the CPU', () => {
    const seen = runner(24_576, { ...spilling });
    const optimized = {
      type: 'request.optimized',
      data: { model: 'm:latest', runner: seen },
    } as unknown as Parameters<typeof foldSizing>[1];
    const state = foldSizing(stateAfter(loaded(24_576, 4), ...short(60)), optimized);
    const { rule, numCtx } = priced(state, 1800, { runner: seen });
    expect(rule).toBe('shrink');
    expect(numCtx).toBeLessThan(8192);
  });

  it('opens with what the traffic needs and not just with what the first request does', () => {
    const long = Array.from({ length: 30 }, (_, index) =>
      completion({ at: 3001 + index * 30, prompt: 9000, output: 300 }),
    );
    const { rule, numCtx } = priced(stateAfter(loaded(4096, 4), ...short(60), ...long), 5000, {});
    expect(rule).toBe('open');
    expect(numCtx).toBeGreaterThan(9300);
  });

  it('takes room for a conversation that will grow when it has to move anyway', () => {
    const turns = (id: string, at: number) =>
      [1000, 2500, 4000, 5500, 7000].map((prompt, turn) =>
        completion({ at: at + turn * 20, prompt, output: 300, conversation: id }),
      );
    const past = Array.from({ length: 20 }, (_, index) => turns(`c${index}`, index * 100)).flat();
    const begun = turns('now', 2100).slice(0, 2);
    const state = stateAfter(loaded(3072, 4), ...past, ...begun);
    const asked = { runner: runner(3072), exactPromptTokens: 4000 };
    const { numCtx } = priced(state, 2140, asked, 'now');
    expect(numCtx).toBeGreaterThan(7000);
  });

  it('never asks again for a window that refused the prompt, and holds the exact count', () => {
    const refused = { runner: runner(4096), exactPromptTokens: 5000 };
    expect(priced(stateAfter(...short(20)), 700, refused).numCtx).toBeGreaterThan(5000);
  });

  it('opens with room to spare before anything is known', () => {
    const { rule, numCtx, inputs } = priced(stateAfter(), 0, {});
    expect(rule).toBe('open');
    expect(numCtx).toBeGreaterThan(inputs.promptBound + 1024);
  });

  it('moves at once where the server would cut instead of refusing', () => {
    const state = stateAfter(loaded(4096, 4), ...short(40));
    const input = decisionInput({ runner: runner(4096), features: sizedFeatures(4300) });
    const plan = solve(state, atMs(1300), facts(), DEFAULT_POLICY, null, null);
    const sizing = {
      state,
      plan,
      nowMs: atMs(1300),
      isNew: true,
      conversation: null,
      templateId: 'chat',
      refuses: false,
    };
    expect(decide({ ...input, sizing }).numCtx).toBeGreaterThan(4096);
  });

  it('tells the prices of the windows it compared, the chosen one among them', () => {
    const { numCtx, prices } = priced(stateAfter(loaded(4096, 4), ...short(50)), 1600, { runner: runner(4096) });
    expect(prices?.map((price) => price.numCtx)).toContain(numCtx);
  });

  it('is left out while nothing new was learnt and the runner holds the need, and only then', () => {
    const state = stateAfter(loaded(65_536, 4), ...short(100));
    const plan = solve(state, atMs(3000), facts(), DEFAULT_POLICY, null, null);
    const knowledge = { state, plan, nowMs: atMs(3000), conversation: null, templateId: 'chat', refuses: true };
    const decided = (window: number, isNew: boolean) =>
      decide(decisionInput({ runner: runner(window), sizing: { ...knowledge, isNew } }));
    expect([decided(65_536, true).rule, decided(65_536, false).rule]).toEqual(['shrink', 'stay']);
    expect(decided(65_536, false).prices).toBeUndefined();
    expect(decided(256, false).prices).toBeDefined();
  });

  it("keeps a client's floor", () => {
    const asked = { clientWindow: 'floor', features: sizedFeatures(500, { numCtx: 50_000 }) } as const;
    expect(priced(stateAfter(...short(20)), 700, asked).numCtx).toBeGreaterThanOrEqual(50_000);
  });
});

describe('pricing what comes later', () => {
  it('opens wider for answers to come that may be long, though this one will not be', () => {
    const tailed = (long: number) =>
      Array.from({ length: 200 }, (_, index) =>
        completion({ at: index * 30, prompt: 900, output: index % 60 === 59 ? long : 300, template: 'other' }),
      );
    const opens = (long: number) => priced(stateAfter(loaded(4096, 4), ...tailed(long)), 9000, {}).numCtx!;
    expect(opens(9000)).toBeGreaterThan(900 + 4500);
    expect(opens(300)).toBeLessThan(900 + 4500);
  });

  it('does not load a window that would most likely refuse the prompt, only to learn its exact count', () => {
    const slow = spilling;
    const optimized = { type: 'request.optimized', data: { model: 'm:latest', runner: runner(32_768, slow) } };
    const whole = { type: 'request.optimized', data: { model: 'm:latest', runner: runner(4096) } };
    const events = [whole, optimized] as unknown as Parameters<typeof foldSizing>[1][];
    const state = events.reduce(foldSizing, stateAfter(loaded(4096, 4), ...short(60)));
    const { numCtx } = priced(state, 1900, { runner: runner(32_768, slow), features: sizedFeatures(12_000) });
    expect(numCtx).toBeGreaterThan(12_000);
  });

  it('takes those who have just spoken for ones who may go on', () => {
    const began = (at: number) =>
      Array.from({ length: 12 }, (_, index) =>
        completion({ at: at + index, prompt: 1000, output: 200, conversation: `${at}:${index}` }),
      );
    const outgrows = (silence: number): number => {
      const state = stateAfter(
        ...began(1000),
        completion({ at: 1012 + silence, prompt: 10, output: 1, template: 'o' }),
      );
      const plan = solve(state, atMs(1012), facts(), DEFAULT_POLICY, null, null);
      return plan.live[0]!.growth.goesOn;
    };
    expect(outgrows(0)).toBeGreaterThan(2 * outgrows(2000));
  });

  it('expects a conversation that has grown at every turn to go on growing, though others ended early', () => {
    const others = Array.from({ length: 40 }, (_, index) =>
      completion({ at: index * 60, prompt: 800 + index * 20, output: 200, conversation: `short${index}` }),
    );
    const turns = [1000, 1600, 2200, 2800, 3400].map((prompt, turn) =>
      completion({ at: 2500 + turn * 30, prompt, output: 200, conversation: 'grows' }),
    );
    const outgrows4096 = (...own: typeof turns): number => {
      const state = stateAfter(...others, ...own);
      const plan = solve(state, atMs(2630), facts(), DEFAULT_POLICY, null, null);
      const rung = plan.rungs.findIndex((window) => window >= 4096);
      return plan.live.find(({ conversation }) => conversation.id === 'grows')!.growth.outgrows[rung]!;
    };
    expect(outgrows4096(...turns)).toBeGreaterThan(2 * outgrows4096(turns.at(-1)!));
    expect(outgrows4096(...turns)).toBeGreaterThan(0.1);
  });
});
