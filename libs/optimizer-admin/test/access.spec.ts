import type { IncomingMessage } from 'node:http';
import { judgeAccess } from '../src/access/judge-access.js';
import { RateLimit } from '../src/access/rate-limit.js';
import { etagOf, requireMatch } from '../src/http/etag.js';
import { OverflowReport } from '../src/overflow-report.js';

const OPTIONS = { key: 'k'.repeat(16), readKey: 'r'.repeat(16), origins: [], requestsPerMinute: 60 };
const CLOSED = { ...OPTIONS, key: null, readKey: null };

function from(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { headers: { host: 'localhost:11435', ...headers }, socket: { remoteAddress } } as unknown as IncomingMessage;
}

describe('access', () => {
  it('is for this machine only as long as there is no key', () => {
    expect(judgeAccess(from('127.0.0.1'), 'write', CLOSED)).toEqual({ kind: 'granted', by: 'local' });
    expect(judgeAccess(from('192.0.2.1'), 'read', CLOSED)).toMatchObject({ kind: 'forbidden' });
    expect(judgeAccess(from('127.0.0.1', { host: 'rebound.example' }), 'read', CLOSED)).toMatchObject({
      kind: 'forbidden',
    });
  });

  it('takes a key from everybody once there is one, this machine included', () => {
    expect(judgeAccess(from('127.0.0.1'), 'read', OPTIONS)).toEqual({ kind: 'unknown' });
    const bearing = (key: string) => from('192.0.2.1', { authorization: `Bearer ${key}` });
    expect(judgeAccess(bearing(OPTIONS.key), 'write', OPTIONS)).toEqual({ kind: 'granted', by: 'key' });
    expect(judgeAccess(bearing(OPTIONS.readKey), 'read', OPTIONS)).toEqual({ kind: 'granted', by: 'read-key' });
    expect(judgeAccess(bearing(OPTIONS.readKey), 'write', OPTIONS)).toMatchObject({ kind: 'forbidden' });
    expect(judgeAccess(bearing('k'), 'read', OPTIONS)).toEqual({ kind: 'unknown' });
  });

  it('with a reading key alone lets nobody write, not even with an empty key', () => {
    const only = { ...OPTIONS, key: null };
    for (const authorization of ['Bearer ', 'Bearer null', '']) {
      expect(judgeAccess(from('127.0.0.1', { authorization }), 'write', only)).toEqual({ kind: 'unknown' });
    }
  });
});

describe('the rate limit', () => {
  it('refills evenly, for each address apart', () => {
    const limit = new RateLimit();
    const waits = [0, 0, 0].map(() => limit.take('a', 2, 0));
    expect(waits).toEqual([0, 0, 30]);
    expect(limit.take('b', 2, 0)).toBe(0);
    expect(limit.take('a', 2, 30_000)).toBe(0);
    expect(limit.take('a', 2, 30_000)).toBe(30);
  });
});

describe('If-Match', () => {
  it('refuses a change of something else than was seen', () => {
    const asked = (value?: string) =>
      ({ headers: value === undefined ? {} : { 'if-match': value } }) as IncomingMessage;
    expect(() => requireMatch(asked(), { a: 1 })).not.toThrow();
    expect(() => requireMatch(asked(`"x", ${etagOf({ a: 1 })}`), { a: 1 })).not.toThrow();
    expect(() => requireMatch(asked(etagOf({ a: 2 })), { a: 1 })).toThrow('it has changed since');
  });
});

describe('the overflow report', () => {
  it('tells by model and template the largest prompt, and the window that would have held it', () => {
    const report = new OverflowReport();
    const common = { requestId: 'r', model: 'm', templateId: 't', window: 4096, promptEstimate: 5000, atMs: 0 };
    const cut = {
      ...common,
      kind: 'prompt-cut',
      sign: 'half-window-formula',
      promptTokens: 2050,
      outputTokens: 9,
    } as const;
    report.add({ type: 'truncation.detected', data: cut });
    report.add({
      type: 'truncation.detected',
      data: { ...cut, kind: 'answer-shifted', sign: 'beyond-window', promptTokens: 4000, outputTokens: 300 },
    });
    report.add({ type: 'request.refused', data: { ...common, promptTokens: 9000, rawEstimate: 1, next: null } });
    expect(report.lines()).toEqual([
      {
        model: 'm',
        templateId: 't',
        refusals: 1,
        cuts: 1,
        shifts: 1,
        largestPromptTokens: 9000,
        window: 4096,
        overBy: 4904,
        wouldHave: 9216,
      },
    ]);
  });
});
