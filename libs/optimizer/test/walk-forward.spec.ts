import type { RecordedRequest } from '@rightsize/optimizer-core';
import { sessionsOf, walkForward } from '../src/retraining/walk-forward.js';

/** As much of a request as walking forward looks at. */
function asked(n: number, over: Partial<RecordedRequest> = {}): RecordedRequest {
  const own = { requestId: `r${n}`, model: 'm', position: 2 * n + 1, endPosition: 2 * n + 2 };
  return { ...own, atMs: n * 60e3, endMs: n * 60e3 + 1e3, ...over } as RecordedRequest;
}

const requests = Array.from({ length: 100 }, (_, n) => asked(n));

describe('walking forward through the log', () => {
  it('never trains on what it judges, nor on anything after it', () => {
    for (const { training, judged } of walkForward(requests, 4)) {
      const trainedUpTo = Math.max(...training.map(({ endPosition }) => endPosition));
      expect(trainedUpTo).toBeLessThan(judged[0]!.position);
    }
  });

  it('leaves out of training what had not ended yet', () => {
    const late = requests.map((request, n) => (n === 10 ? { ...request, endPosition: 199 } : request));
    const [first] = walkForward(late, 4);
    expect(first!.training.map(({ requestId }) => requestId)).not.toContain('r10');
  });

  it('judges each request of the later half once', () => {
    const judged = walkForward(requests, 4).flatMap((step) => step.judged.map(({ requestId }) => requestId));
    expect(judged).toEqual(requests.slice(50).map(({ requestId }) => requestId));
  });

  it('compares candidates on the latest part of what it trains on', () => {
    const [first] = walkForward(requests, 4);
    expect(first!.validation).toEqual(first!.training.slice(-16));
  });
});

describe('sessions', () => {
  const keepAlive = (): number => 300;

  it('end where the runner expires, for each model by itself', () => {
    const traffic = [asked(0), asked(1), asked(2, { model: 'other' }), asked(3), asked(20), asked(21)];
    const sessions = sessionsOf(traffic, keepAlive);
    expect([...sessions.values()]).toEqual(['m 0', 'm 0', 'other 0', 'm 0', 'm 1', 'm 1']);
  });

  it('do not end by a pause that the runner outlives', () => {
    expect(new Set(sessionsOf([asked(0), asked(20)], () => 3600).values()).size).toBe(1);
  });

  it('end after a while even if nobody ever pauses', () => {
    expect(new Set(sessionsOf(requests, keepAlive).values()).size).toBe(4);
  });
});
