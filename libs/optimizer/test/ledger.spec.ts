import type { DomainEvent } from '@rightsize/optimizer-core';
import { LedgerRows } from '../src/index.js';
import { eventsOf, type Asked } from '../../../test/synthetic-log.js';

const MODEL = 'm:latest';

function asked(at: number, over: Partial<Asked> = {}): Asked {
  return { at, model: MODEL, prompt: 1000, output: 100, window: 16_384, ...over };
}

function ledgerOf(...requests: readonly Asked[]): LedgerRows {
  return ledgerAfter(eventsOf(requests));
}

function ledgerAfter(events: readonly DomainEvent[]): LedgerRows {
  const rows = new LedgerRows();
  for (const event of events) rows.applyDomain(event);
  return rows;
}

const lineOf = (rows: LedgerRows) => rows.report('model').active[0]!;

describe('reloads as the clients sent their requests', () => {
  it('come where a client names another window than the loaded one', () => {
    const line = lineOf(
      ledgerOf(asked(0, { numCtx: 4096 }), asked(60, { numCtx: 8192 }), asked(120, { numCtx: 4096 })),
    );
    expect(line.asSent.reloads).toBe(2);
    expect(line.byRule['window-differs']).toBe(2);
    expect(line.measured.reloads).toBe(0);
  });

  it('come where a client names none and the loaded one is not the default', () => {
    const line = lineOf(ledgerOf(asked(0, { numCtx: 8192 }), asked(60)));
    expect(line.byRule).toMatchObject({ 'default-differs': 1, 'window-differs': 0 });
  });

  it('do not come where the loaded window is the one that is named, or the default where none is', () => {
    expect(lineOf(ledgerOf(asked(0, { numCtx: 8192 }), asked(60, { numCtx: 8192 }))).asSent.reloads).toBe(0);
    expect(lineOf(ledgerOf(asked(0, { numCtx: 4096 }), asked(60))).asSent.reloads).toBe(0);
    expect(lineOf(ledgerOf(asked(0), asked(60), asked(90, { numCtx: 4096 }))).asSent.reloads).toBe(0);
  });

  it('do not come where the runner had expired in between', () => {
    expect(lineOf(ledgerOf(asked(0, { numCtx: 4096 }), asked(1000, { numCtx: 8192 }))).asSent.reloads).toBe(0);
  });

  it('are priced at what loads took here', () => {
    expect(lineOf(ledgerOf(asked(0, { numCtx: 4096 }), asked(60, { numCtx: 8192 }))).asSent.loadSeconds).toBeCloseTo(4);
  });
});

describe('what did not fit as it was sent', () => {
  it('is cut where the prompt fills the window, shifted where the answer outgrows it', () => {
    const line = lineOf(
      ledgerOf(
        asked(0, { prompt: 9000, numCtx: 8192 }),
        asked(60, { prompt: 8150, output: 100, numCtx: 8192 }),
        asked(120, { prompt: 8000, output: 100, numCtx: 8192 }),
      ),
    );
    expect(line.asSent).toMatchObject({ cuts: 1, shifts: 1 });
    expect(line.measured).toMatchObject({ cuts: 0, shifts: 0 });
    expect(line.byRule.shortInDefault).toBe(0);
  });

  it("is told apart where the window would have been the server's default", () => {
    expect(lineOf(ledgerOf(asked(0, { prompt: 9000 }))).byRule.shortInDefault).toBe(1);
  });
});

describe("the server's default", () => {
  const inWindow = (window: number, events: readonly DomainEvent[]): readonly DomainEvent[] =>
    events.map((event) =>
      event.type === 'request.optimized' ? { ...event, data: { ...event.data, serverWindow: window } } : event,
    );

  it('is what was known of it at the time', () => {
    const events = eventsOf([asked(0, { prompt: 9000, window: 32_768 }), asked(60, { numCtx: 32_768 })]);
    expect(lineOf(ledgerAfter(inWindow(32_768, events))).asSent).toMatchObject({ cuts: 0, reloads: 0 });
    expect(lineOf(ledgerAfter(events)).asSent).toMatchObject({ cuts: 1, reloads: 1 });
  });
});

describe('what was observed', () => {
  it('counts reloads that happened, with their seconds, but not first loads', () => {
    const line = lineOf(ledgerOf(asked(0), asked(60, { window: 32_768 })));
    expect(line.measured).toMatchObject({ reloads: 1, loadSeconds: 4 });
  });

  it('counts answers that were shifted here', () => {
    expect(lineOf(ledgerOf(asked(0, { prompt: 16_000, output: 1000 }))).measured.shifts).toBe(1);
  });

  it('counts memory held between requests, not beyond the expiry, on both sides', () => {
    const { measured, asSent } = lineOf(ledgerOf(asked(0, { numCtx: 4096 }), asked(10_000, { numCtx: 4096 })));
    // Two answers of 6.3 s each with its load, and 300 s of waiting; 16,384 tokens at 128 KiB are 2 GiB.
    expect(measured.gibHours).toBeCloseTo((2 * (300 + 2 * (1000 / 1500 + 100 / 60 + 4))) / 3600, 3);
    expect(asSent.gibHours).toBeCloseTo(measured.gibHours / 4, 6);
  });
});

describe('the ledger', () => {
  it('has a line for each model, client, template and day, and the same sums in all', () => {
    const rows = ledgerOf(
      asked(0, { client: 'editor', template: 'a' }),
      asked(60, { client: 'editor', template: 'b', numCtx: 8192 }),
      asked(86_400, { client: 'agent', template: 'a', model: 'n:latest' }),
    );
    const of = (by: Parameters<LedgerRows['report']>[0]) => rows.report(by).active.map((line) => line.of);
    expect(of('client')).toEqual(['editor', 'agent']);
    expect(of('template')).toEqual(['a', 'b']);
    expect(of('day')).toEqual(['2026-01-05', '2026-01-06']);
    expect(of('model')).toEqual([MODEL, 'n:latest']);
    for (const by of ['client', 'template', 'day'] as const) {
      const requests = rows.report(by).active.reduce((sum, line) => sum + line.requests, 0);
      expect(requests).toBe(3);
    }
  });

  it('keeps shadow mode apart: there the clients do as they sent, predicted and observed', () => {
    const shadow = (at: number, window: number) => asked(at, { mode: 'shadow', numCtx: window, window });
    const report = ledgerOf(shadow(0, 4096), shadow(60, 8192), shadow(120, 4096)).report('model');
    expect(report.active).toEqual([]);
    expect(report.shadow[0]).toMatchObject({ measured: { reloads: 2 }, asSent: { reloads: 2 } });
  });

  it('does not tell clients apart without end', () => {
    const rows = ledgerOf(...Array.from({ length: 620 }, (_, n) => asked(n, { client: `made-up-${n}` })));
    const report = rows.report('client').active;
    expect(report.length).toBeLessThanOrEqual(501);
    expect(report.reduce((sum, line) => sum + line.requests, 0)).toBe(620);
  });

  it('goes on from its rows as if it had never stopped', () => {
    const events = eventsOf([asked(0, { numCtx: 4096 }), asked(60, { numCtx: 8192 }), asked(90, { window: 32_768 })]);
    const whole = new LedgerRows();
    for (const event of events) whole.applyDomain(event);
    const stored = new Map<string, unknown>();
    let rows = new LedgerRows();
    for (const event of events) {
      rows.applyDomain(event);
      rows.flush({ put: (key, row) => stored.set(key, structuredClone(row)), delete: (key) => stored.delete(key) });
      rows = new LedgerRows();
      rows.load(structuredClone([...stored]));
    }
    expect(rows.report('day')).toEqual(whole.report('day'));
  });
});
