import { GIB, PROFILES } from '../src/index.js';
import { ask, LLAMA, machineWith, SMALL } from './fixtures.js';

/** A card of 8 GiB beside so much main memory that some windows spill and others fail. */
const machine = () => machineWith({ hardware: { ...PROFILES.gpu8, ramBytes: 2 * GIB } });

describe('a load that finds too little memory', () => {
  it('fails with status 500 in the words of a server, and leaves nothing loaded', () => {
    const server = machine();
    const outcome = ask(server, 1, { options: { num_ctx: 131_072 } });
    expect(outcome).toMatchObject({
      kind: 'error',
      status: 500,
      message: expect.stringMatching(/^llama-server process has terminated: .*failed to allocate/s) as unknown,
    });
    expect(server.runners()).toEqual([]);
    expect(server.counters()).toMatchObject({ loads: 1, failedLoads: 1, outcomes: { error: 1, done: 0 } });
  });

  it('costs the time of a load, and what was loaded before', () => {
    const server = machine();
    ask(server, 1, { options: { num_ctx: 4096 } });
    const before = server.nowNs;
    ask(server, 2, { options: { num_ctx: 131_072 } });
    expect(server.nowNs - before).toBeGreaterThan(PROFILES.gpu8.loadSeconds * 1e9);
    expect(server.runners()).toEqual([]);
  });

  it('does not keep the next from loading: a window that spills into main memory is fine', () => {
    const server = machine();
    ask(server, 1, { options: { num_ctx: 131_072 } });
    expect(ask(server, 2, { options: { num_ctx: 32_768 } }).kind).toBe('done');
    expect(server.runners()[0]).toMatchObject({ model: LLAMA, options: { numCtx: 32_768 } });
  });

  it('counts what other models hold of main memory', () => {
    const cpu = { ...PROFILES.cpu, ramBytes: 12 * GIB };
    const server = machineWith({ hardware: cpu });
    const large = { options: { num_ctx: 32_768 } };
    expect(ask(server, 1, large).kind).toBe('done');
    expect(ask(server, 2, { model: SMALL, ...large }).kind).toBe('error');
  });
});
