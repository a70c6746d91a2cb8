import { TrafficRecorder, type RequestCompletedV1, type Taint, type TrafficEvent } from '../../src/index.js';
import { decide } from '../../src/index.js';
import { decisionInput, MODEL, sizedFeatures } from '../given.js';
import { completion } from '../policy/traffic.js';

const decision = decide(decisionInput({ features: sizedFeatures(3000) }));
const { promptEstimate, promptBound } = decision.inputs;

function optimized(requestId: string, numPredict: number | null = null): TrafficEvent {
  return {
    type: 'request.optimized',
    data: {
      requestId,
      model: MODEL,
      route: 'chat',
      client: 'editor',
      mode: 'active',
      imposed: true,
      clientWindow: 'hint',
      features: { ...sizedFeatures(3000), numPredict },
      templateId: 'chat',
      runner: null,
      decision,
      atMs: 1e12,
    },
  };
}

function completed(requestId: string, over: Partial<RequestCompletedV1> = {}): TrafficEvent {
  return completion({ at: 10, prompt: 3000, output: 500 }, { requestId, ...over });
}

function record(...events: readonly TrafficEvent[]): TrafficRecorder {
  const recorder = new TrafficRecorder();
  events.forEach((event, index) => recorder.add(event, index + 1));
  return recorder;
}

const tainted = (...taints: Taint[]): Partial<RequestCompletedV1> => ({ taints });
/** Ten whole answers: 95 % are at most 900 tokens. */
const usual = Array.from({ length: 10 }, (_, n) => [
  optimized(`u${n}`),
  completed(`u${n}`, { outputTokens: 900 }),
]).flat();

describe('requests put together from the log', () => {
  it('know exactly what was counted', () => {
    const [request] = record(optimized('a'), completed('a')).requests();
    expect(request).toMatchObject({
      requestId: 'a',
      position: 1,
      endPosition: 2,
      client: 'editor',
      prompt: { lower: 3000, likely: 3000, upper: 3000 },
      output: { lower: 500, likely: 500, upper: 500 },
      uncertain: null,
      happened: { outcome: 'whole', load: null },
    });
  });

  it('are in the order in which they came, not in which they ended', () => {
    const recorder = record(optimized('a'), optimized('b'), completed('b'), completed('a'));
    expect(recorder.requests().map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  });

  it('take a cut prompt for as long as it was estimated, and no shorter than the window', () => {
    const done = completed('a', { ...tainted('truncated'), window: 4096, promptTokens: 2050 });
    const request = record(...usual, optimized('a'), done)
      .requests()
      .at(-1)!;
    expect(request.uncertain).toBe('cut');
    expect(request.prompt).toEqual({
      lower: 4096,
      likely: Math.max(4096, promptEstimate),
      upper: Math.max(4096, promptEstimate, promptBound),
    });
    expect(request.output).toEqual({ lower: 500, likely: 500, upper: 900 });
  });

  it('know of an answer that outgrew its window only that it did', () => {
    const done = completed('a', { ...tainted('shifted'), window: 3400, outputTokens: 700 });
    const request = record(...usual, optimized('a'), done)
      .requests()
      .at(-1)!;
    expect(request.uncertain).toBe('shifted');
    expect(request.output).toEqual({ lower: 401, likely: 700, upper: 900 });
  });

  it('know of a cancelled answer that it got so far, and take it to be no longer than few are', () => {
    const done = completed('a', { ...tainted('cancelled', 'incomplete'), promptTokens: null, outputTokens: null });
    const request = record(...usual, optimized('a'), done)
      .requests()
      .at(-1)!;
    expect(request).toMatchObject({ uncertain: 'cancelled', output: { lower: 0, likely: 0, upper: 900 } });
    expect(request.prompt).toMatchObject({ lower: promptEstimate, upper: promptBound });
  });

  it('take no answer for longer than its limit', () => {
    const done = completed('a', { ...tainted('shifted'), window: 3400, outputTokens: 600 });
    expect(
      record(...usual, optimized('a', 650), done)
        .requests()
        .at(-1)!.output.upper,
    ).toBe(650);
  });

  it('take what a limit ended as known: it would end there again', () => {
    const done = completed('a', { ...tainted('length'), doneReason: 'length', outputTokens: 650 });
    expect(record(optimized('a', 650), done).requests()[0]).toMatchObject({ uncertain: null, output: { upper: 650 } });
  });

  it('leave out and count what failed, what only loaded and what never ended', () => {
    const recorder = record(
      optimized('a'),
      completed('a', tainted('failed')),
      optimized('b'),
      completed('b', tainted('preload')),
      optimized('c'),
    );
    expect(recorder.requests()).toEqual([]);
    expect(recorder.leftOut).toEqual({ failed: 1, preloads: 1, unfinished: 1, earlier: 0 });
  });

  it('keep the latest where there are too many', () => {
    const recorder = new TrafficRecorder(2);
    ['a', 'b', 'c'].forEach((id, n) => {
      recorder.add(optimized(id), 2 * n + 1);
      recorder.add(completed(id), 2 * n + 2);
    });
    expect(recorder.requests().map(({ requestId }) => requestId)).toEqual(['b', 'c']);
    expect(recorder.leftOut.earlier).toBe(1);
  });
});
