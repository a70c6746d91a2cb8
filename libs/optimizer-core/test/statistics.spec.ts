import * as fc from 'fast-check';
import {
  emptyModelStatistics,
  estimatePrompt,
  foldModel,
  foldTemplate,
  pushSample,
  quantile,
  updateMean,
  type ModelStatistics,
  type Taint,
} from '../src/index.js';
import { completed, features, MODEL, modelAfter, TEMPLATE, templateAfter, times } from './given.js';

const NO_MEAN = { samples: 0, mean: 0, variance: 0 };

describe('a recent sample', () => {
  it('holds the latest values, no more than its capacity', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 40 }), fc.integer({ min: 1, max: 10 }), (values, capacity) => {
        const sample = values.reduce(pushSample, { capacity, values: [] as readonly number[] });
        expect(sample.values).toEqual(values.slice(-capacity));
      }),
    );
  });

  it('gives as quantile the smallest value that the share does not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, q) => {
          const found = quantile({ capacity: 60, values }, q)!;
          expect(values).toContain(found);
          const below = values.filter((value) => value <= found).length;
          const strictlyBelow = values.filter((value) => value < found).length;
          expect(below / values.length).toBeGreaterThanOrEqual(q - 1e-9);
          expect(strictlyBelow / values.length).toBeLessThan(q + 1e-9);
        },
      ),
    );
    expect(quantile({ capacity: 3, values: [] }, 0.5)).toBeNull();
  });

  it('does not take in what is no number', () => {
    expect(pushSample({ capacity: 3, values: [1] }, Number.NaN).values).toEqual([1]);
  });
});

describe('a running mean', () => {
  it('is the plain mean and variance while values are few', () => {
    const mean = [2, 4, 9].reduce(updateMean, NO_MEAN);
    expect(mean).toMatchObject({ samples: 3 });
    expect(mean.mean).toBeCloseTo(5);
    expect(mean.variance).toBeCloseTo((9 + 1 + 16) / 3);
  });

  it('forgets what was, once values are many', () => {
    const mean = [...times(500, 1), ...times(200, 2)].reduce(updateMean, NO_MEAN);
    expect(mean.mean).toBeGreaterThan(1.9);
  });

  it('does not take in what is no number', () => {
    expect(updateMean(NO_MEAN, Number.POSITIVE_INFINITY)).toEqual(NO_MEAN);
  });
});

describe('statistics of a model', () => {
  it('learn counts, lengths and rates from a clean completion', () => {
    const statistics = modelAfter({ promptTokens: 1200, cachedTokens: 200, outputTokens: 100, rawEstimate: 1000 });
    expect(statistics).toMatchObject({
      completions: 1,
      tainted: 0,
      outputs: { values: [100] },
      needs: { values: [1300] },
      prefillRate: { samples: 1, mean: 1000 },
      decodeRate: { samples: 1, mean: 50 },
      windows: { 8192: 1 },
      lastSeenMs: 1000,
    });
    expect(statistics.calibration.mean).toBeCloseTo(Math.log(1.2), 2);
  });

  it.each<Taint>(['truncated', 'cancelled', 'failed', 'incomplete', 'preload'])(
    'learn nothing from a completion that is tainted as %s',
    (taint) => {
      const statistics = modelAfter({ taints: [taint] });
      const tainted = taint === 'preload' ? 0 : 1;
      expect(statistics).toEqual({ ...emptyModelStatistics(MODEL), completions: 1, tainted, lastSeenMs: 1000 });
    },
  );

  it('learn the prompt but not the length of an answer that a limit ended', () => {
    const statistics = modelAfter({ doneReason: 'length', taints: ['length'] });
    expect(statistics).toMatchObject({
      tainted: 0,
      calibration: { samples: 1 },
      outputs: { values: [] },
      needs: { values: [] },
      lengthStops: { samples: 1, mean: 1 },
    });
  });

  it('learn nothing from counts that the server left out', () => {
    expect(modelAfter({ promptTokens: null }).calibration).toEqual(NO_MEAN);
    expect(modelAfter({ promptTokens: 0 }).needs.values).toEqual([]);
  });

  it('learn no prefill rate when the server does not say what was cached, or hardly anything was new', () => {
    expect(modelAfter({ cachedTokens: null }).prefillRate).toEqual(NO_MEAN);
    expect(modelAfter({ cachedTokens: 999 }).prefillRate).toEqual(NO_MEAN);
    expect(modelAfter({ promptEvalNs: null }, { promptEvalNs: 0 }).prefillRate).toEqual(NO_MEAN);
    expect(modelAfter({ evalNs: null }, { outputTokens: null }).decodeRate).toEqual(NO_MEAN);
  });

  it('learn load seconds from reloads, and count only those that were not the first', () => {
    const reload = { requestId: 'r', model: MODEL, fromWindow: null, toWindow: 8192, loadNs: 4e9, atMs: 1 };
    const once = foldModel(emptyModelStatistics(MODEL), {
      type: 'runner.reloaded',
      data: { ...reload, cause: 'first' },
    });
    const twice = foldModel(once, { type: 'runner.reloaded', data: { ...reload, cause: 'decision' } });
    expect(twice).toMatchObject({ reloads: 1, loadSeconds: { samples: 2, mean: 4 } });
  });

  it('count truncations', () => {
    const statistics = foldModel(emptyModelStatistics(MODEL), {
      type: 'truncation.detected',
      data: {
        requestId: 'r',
        model: MODEL,
        templateId: null,
        kind: 'prompt-cut',
        sign: 'half-window-formula',
        window: 4096,
        promptTokens: 2050,
        outputTokens: 1,
        promptEstimate: 5000,
        atMs: 7,
      },
    });
    expect(statistics).toMatchObject({ truncations: 1, cutsInARow: 1, lastSeenMs: 7 });
    const prompt = features('word '.repeat(1000));
    const bound = (known: ModelStatistics) => estimatePrompt(prompt, known).bound;
    // The next prompt gets more room, until one is counted whole.
    expect(bound(statistics)).toBeGreaterThan(1.4 * bound(emptyModelStatistics(MODEL)));
    expect(foldModel(statistics, { type: 'request.completed', data: completed() }).cutsInARow).toBe(0);
  });

  it('do not grow with the windows that clients make up', () => {
    const statistics = modelAfter(...Array.from({ length: 300 }, (_, i) => ({ window: 4096 + i })));
    expect(Object.keys(statistics.windows).length).toBeLessThanOrEqual(64);
    expect(statistics.windows[4096 + 299]).toBe(1);
  });

  it('are left as they are by events of another model', () => {
    const before = modelAfter({});
    expect(foldModel(before, { type: 'request.completed', data: completed({ model: 'other' }) })).toBe(before);
  });
});

describe('statistics of a template', () => {
  it('learn prompts and answers', () => {
    expect(templateAfter({ atMs: 5 }, { outputTokens: 200, atMs: 9 })).toMatchObject({
      templateId: TEMPLATE,
      completions: 2,
      prompts: { values: [1000, 1000] },
      outputs: { values: [100, 200] },
      firstSeenMs: 5,
      lastSeenMs: 9,
    });
  });

  it('take a length-stopped answer for a prompt of known length and an answer of unknown length', () => {
    expect(templateAfter({ doneReason: 'length', taints: ['length'] })).toMatchObject({
      prompts: { values: [1000] },
      outputs: { values: [] },
      lengthStops: { samples: 1, mean: 1 },
    });
  });

  it('learn nothing from a tainted completion', () => {
    expect(templateAfter({ taints: ['truncated'] })).toMatchObject({
      completions: 1,
      prompts: { values: [] },
      outputs: { values: [] },
    });
  });

  it('are left as they are by events of another template, or of the same one in another model', () => {
    const before = templateAfter({});
    const event = (data: Parameters<typeof completed>[0]) =>
      ({ type: 'request.completed', data: completed(data) }) as const;
    expect(foldTemplate(before, event({ templateId: 't-2' }))).toBe(before);
    expect(foldTemplate(before, event({ model: 'other' }))).toBe(before);
  });
});
