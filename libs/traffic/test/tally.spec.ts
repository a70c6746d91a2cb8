import { disagreeing } from '../src/disagreeing.js';
import type { Result, Run } from '../src/run.js';
import type { Step } from '../src/step.js';
import { largestNeed, slowerIn, tally } from '../src/tally.js';

const FINAL = { doneReason: 'stop', totalNs: 1, loadNs: 1, promptEvalNs: 1, evalNs: 1, cachedTokens: 0 };

function step(client: string): Step {
  return { client, path: '/api/generate', body: {}, pause: 0 };
}

function result(over: Partial<Result> & { prompt?: number; output?: number } = {}): Result {
  const { prompt = 100, output = 10, ...rest } = over;
  return {
    step: step('a'),
    seconds: 1,
    status: 200,
    final: { ...FINAL, promptTokens: prompt, outputTokens: output },
    window: 4096,
    rule: null,
    ...rest,
  };
}

function run(results: readonly Result[]): Run {
  return { results, seconds: 10 };
}

const watched = { loads: 1, meanWindow: 4096 };

describe('the tally of a run', () => {
  it('calls a prompt cut when the server counted fewer tokens than there are', () => {
    const cut = result({ prompt: 2050 });
    const whole = result({ prompt: 2050 });
    const counts = new Map([
      [cut.step, 5000],
      [whole.step, 2050],
    ]);
    expect(tally('x', run([cut, whole]), watched, counts, 4096)).toMatchObject({ cut: 1, shifted: 0, failed: 0 });
  });

  it('calls an answer shifted when prompt and answer are more than the window, the default where none was sent', () => {
    const results = [
      result({ prompt: 4000, output: 97 }),
      result({ prompt: 4000, output: 96 }),
      result({ prompt: 2000, output: 100, window: null }),
    ];
    expect(tally('x', run(results), watched, new Map(), 2048).shifted).toBe(2);
  });

  it('counts refusals and answers without an end as failed', () => {
    const results = [result({ status: 500 }), result({ final: null }), result()];
    expect(tally('x', run(results), watched, new Map(), 4096).failed).toBe(2);
  });
});

it('the window known beforehand holds the largest prompt and answer, in steps of 256', () => {
  const one = result({ output: 100 });
  expect(largestNeed([run([one])], new Map([[one.step, 5000]]))).toBe(5120);
});

describe('where it was slower', () => {
  it('names the requests, the worst of them and the clients, and nothing when nothing was', () => {
    const [first, second] = [step('chat'), step('editor')];
    const direct = run([result({ step: first, seconds: 1 }), result({ step: second, seconds: 4 })]);
    const sized = run([result({ step: first, seconds: 3, rule: 'grow' }), result({ step: second, seconds: 2 })]);
    expect(slowerIn(direct, sized)).toEqual([
      expect.stringMatching(/^1 of 2 requests .* 3\.0 s instead of 1\.0 s \(chat, grow\)$/),
      'chat: half of its answers take 3.0 s, 1.0 s direct',
    ]);
    expect(slowerIn(direct, direct)).toEqual([]);
  });
});

describe('the five clients', () => {
  it('are the same for the same seed, and other texts for another', () => {
    const options = { model: 'm', seed: 1, size: 1 };
    expect(disagreeing(options)).toEqual(disagreeing(options));
    expect(disagreeing(options)).not.toEqual(disagreeing({ ...options, seed: 2 }));
  });

  it('disagree: one has a fixed window, one a new one for each request, three send none', () => {
    const windows = disagreeing({ model: 'm', seed: 1, size: 1 }).map(
      (steps) => new Set(steps.map((s) => s.body.options?.['num_ctx'])),
    );
    expect(windows.map((set) => (set.has(undefined) ? 'none' : set.size === 1 ? 'fixed' : 'changing'))).toEqual([
      'none',
      'fixed',
      'changing',
      'none',
      'none',
    ]);
  });
});
