import { jest } from '@jest/globals';
import { OllamaMachine, PROFILES, parseVersion, rulesOf } from '@rightsize/ollama-model';
import { VirtualTime } from '../src/engine/virtual-time.js';

afterEach(() => jest.restoreAllMocks());

/** All durations are differences of such instants: clients that read whole nanoseconds failed on `3579000000.000001`. */
it('a clock that runs stands at whole nanoseconds, whatever part of one the wall clock shows', () => {
  const defaults = { numCtx: 4096, numCtxExplicit: false, rules: rulesOf(parseVersion('0.34.4')!) };
  const machine = new OllamaMachine({ hardware: PROFILES.gpu8, defaults, parallel: 1, maxLoaded: 3, maxQueue: 512 });
  let wallMs = 0.1;
  jest.spyOn(performance, 'now').mockImplementation(() => (wallMs += 1.000_123_457));
  const time = new VirtualTime(machine, 0.003);
  const instants = Array.from({ length: 50 }, () => time.now());
  expect(instants.filter((instant) => !Number.isInteger(instant))).toEqual([]);
  expect(instants.at(-1)).toBeGreaterThan(instants[0]!);
});
