import { WindowReport, windowInWords, type DomainEvent, type RequestCompletedV1 } from '../src/index.js';
import { completed, MODEL, optimized, runner, times } from './given.js';

let serial = 0;

/** A request that was answered so, with an answer of 100 tokens expected. */
function request(over: Partial<RequestCompletedV1>, rule: 'fixed' | 'stay' = 'fixed'): readonly DomainEvent[] {
  const requestId = `r-${(serial += 1)}`;
  return [asked(requestId, rule), { type: 'request.completed', data: completed({ ...over, requestId }) }];
}

function asked(requestId: string, rule: 'fixed' | 'stay'): DomainEvent {
  const { decision, ...rest } = optimized({ requestId, runner: runner(2048) });
  const inputs = { ...decision.inputs, outputBound: 100, promptEstimate: 3000 };
  return { type: 'request.optimized', data: { ...rest, decision: { ...decision, rule, inputs } } };
}

function refused(promptTokens: number, isSentAgain = false): readonly DomainEvent[] {
  const requestId = `r-${(serial += 1)}`;
  const next = isSentAgain ? optimized().decision : null;
  const data = { requestId, model: MODEL, templateId: null, window: 2048, promptTokens, rawEstimate: 1, next, atMs: 1 };
  const failed = completed({ requestId, status: 400, taints: ['failed'], promptTokens: null, outputTokens: null });
  return [
    asked(requestId, 'fixed'),
    { type: 'request.refused', data },
    ...(isSentAgain ? [] : [{ type: 'request.completed', data: failed } as const]),
  ];
}

function lineOf(...events: readonly (readonly DomainEvent[])[]) {
  const report = new WindowReport();
  for (const event of events.flat()) report.add(event);
  return report.lines()[0]!;
}

const held = { promptTokens: 900, outputTokens: 100, window: 2048 };

it('tells the windows that hold 99 of 100 requests, and all', () => {
  const requests = times(99, held).map((each) => request(each));
  const line = lineOf(...requests, request({ promptTokens: 1700, outputTokens: 300, window: 2048 }));
  expect(line).toEqual({ model: MODEL, isFixed: true, window: 2048, requests: 100, notHeld: 0, p99: 1024, all: 2048 });
  expect(windowInWords(line)).toBe(
    'its window is 2,048, and is fixed: all 100 requests fit; 1,024 holds 99 of 100, 2,048 holds them all',
  );
});

it('counts a refused prompt with the answer that was expected of it', () => {
  const line = lineOf(request(held), refused(5000));
  expect(line).toMatchObject({ requests: 2, notHeld: 1, all: 5120 });
  expect(windowInWords(line)).toContain('1 of 2 requests did not fit; 5,120 would have held them all');
});

it('counts an answer that met the end of the window as long as was expected, and a cut prompt as estimated', () => {
  expect(lineOf(request({ promptTokens: 2040, outputTokens: 8, taints: ['shifted', 'length'] }))).toMatchObject({
    notHeld: 1,
    all: 2304,
  });
  expect(lineOf(request({ promptTokens: 1000, outputTokens: 8, taints: ['truncated'] }))).toMatchObject({
    notHeld: 1,
    all: 3328,
  });
});

it('counts a request that was sent again once, by how it ended', () => {
  const [first, again] = refused(5000, true);
  const { requestId } = first!.data as { requestId: string };
  const done = {
    type: 'request.completed',
    data: completed({ requestId, promptTokens: 5000, outputTokens: 9 }),
  } as const;
  expect(lineOf([first!, again!, done])).toMatchObject({ requests: 1, notHeld: 0, all: 5120 });
});

it('leaves out what was not counted', () => {
  const line = lineOf(request({ ...held, taints: ['cancelled'] }), request({ promptTokens: null, taints: [] }));
  expect(line).toMatchObject({ requests: 0, p99: null, all: null });
  expect(windowInWords(line)).toContain('no request has been counted');
});

it('says of a window that follows requests that it was the last', () => {
  expect(windowInWords(lineOf(request(held, 'stay')))).toMatch(/^its window was last 2,048: all 1 requests fit/);
});
