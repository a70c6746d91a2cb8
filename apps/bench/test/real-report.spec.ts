import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from '@rightsize/traffic';
import { LoggedLoads } from '../src/real-loads.js';
import { bars, ratio, table, type MixRows } from '../src/real-report.js';

function tallied(over: Partial<Tally>): Tally {
  const nothing = { name: 'x', requests: 9, loads: 1, cut: 0, shifted: 0, failed: 0, meanWindow: 1, p50: 1, p95: 1 };
  return { ...nothing, seconds: 100, ...over };
}

function rows(...turns: readonly { direct?: Partial<Tally>; cold?: Partial<Tally>; warm?: Partial<Tally> }[]): MixRows {
  return {
    mix: 'desk',
    agree: false,
    requests: 9,
    window: 8192,
    turns: turns.map(({ direct = {}, cold = {}, warm = {} }) => ({
      direct: tallied(direct),
      known: tallied({}),
      cold: tallied(cold),
      warm: tallied(warm),
    })),
  };
}

function missed(of: MixRows): readonly string[] {
  return bars(of).filter((bar) => bar.endsWith('MISSED'));
}

describe('the bars of a comparison on a real server', () => {
  it('hold when the second run is within 1.15, the first within 1.3 of the known window, three loads, nothing cut', () => {
    expect(missed(rows({ cold: { seconds: 129, loads: 3 }, warm: { seconds: 114 } }))).toEqual([]);
  });

  it('are missed by a side that is slower, loads once more, or has a prompt cut', () => {
    expect(missed(rows({ cold: { seconds: 131, loads: 4 }, warm: { seconds: 116, cut: 1 } }))).toEqual([
      expect.stringMatching(/second run over the known window at most 1.15: 1.160/),
      expect.stringMatching(/from cold over the known window at most 1.3: 1.310/),
      expect.stringMatching(/loads, cold at most 3: 4/),
      expect.stringMatching(/cut, warm at most 0: 1/),
    ]);
  });

  it('allow no failure that direct did not have', () => {
    expect(missed(rows({ cold: { failed: 1 } }))).toEqual([expect.stringMatching(/failed, cold at most 0: 1/)]);
    expect(missed(rows({ direct: { failed: 1 }, cold: { failed: 1 } }))).toEqual([]);
  });

  it('compare clients that agree with direct, by one percent', () => {
    const agreeing = { ...rows({ direct: { seconds: 98 }, warm: { seconds: 100 } }), agree: true };
    expect(missed(agreeing)).toEqual([expect.stringMatching(/second run over direct at most 1.01: 1.020/)]);
  });
});

it('figures of several turns are medians, what went wrong is that of the worst', () => {
  const several = rows({ warm: { seconds: 100 } }, { warm: { seconds: 500, loads: 7 } }, { warm: { seconds: 110 } });
  expect(ratio(several, 'warm', 'known')).toBeCloseTo(1.1);
  expect(table(several)).toMatch(/second run *│ *110\.0 │ *1\.10 │ *7 │/);
});

it("loads are counted in the server's log from where it stood", () => {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-log-'));
  const file = join(folder, 'log');
  const line = 'time=x level=INFO msg="starting llama-server" cmd="y"\n';
  writeFileSync(file, line);
  const loads = new LoggedLoads(file);
  expect(loads.count()).toBe(0);
  appendFileSync(file, `${line}something else\n${line}`);
  expect(loads.count()).toBe(2);
  rmSync(folder, { recursive: true });
});
