import { GIB, PROFILES, QUEUE_FULL_MESSAGE, exceedsMessage, type MachineEvent } from '../src/index.js';
import { EMBED, QWEN, SECOND, SMALL, ask, machineWith, outcomesOf, reloaded, runOn, submission } from './fixtures.js';

function finishedAt(events: readonly MachineEvent[], id: number): number {
  return events.find((event) => event.type === 'finished' && event.id === id)?.atNs ?? NaN;
}

describe('scheduling', () => {
  it('the first request loads, its load_duration is the load, and the total is the sum of the parts', () => {
    const outcome = ask(machineWith(), 1);
    if (outcome.kind !== 'done') throw new Error(outcome.kind);
    const { final } = outcome;
    expect(final.loadNs / SECOND).toBeCloseTo(3.5 + 0.075 + 0.004, 3);
    expect(final.totalNs).toBe(final.loadNs + final.prefillNs + final.decodeNs);
    expect(final).toMatchObject({ doneReason: 'stop', outputTokens: 10, numCtx: 4096 });
  });

  it('a reload waits for what runs', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3, { options: { num_ctx: 8192 } }));
    const events = runOn(machine);
    expect(finishedAt(events, 2)).toBeLessThan(finishedAt(events, 3));
    expect(machine.counters()).toMatchObject({ loads: 2, reloads: 1 });
  });

  it('matching requests keep being admitted while a reload waits, and starve it', () => {
    const machine = machineWith({ parallel: 2 });
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3, { options: { num_ctx: 8192 } }));
    const early = runOn(machine, machine.nowNs + 5 * SECOND);
    machine.submit(submission(4, { answerTokens: 450 }));
    const events = [...early, ...runOn(machine)];
    expect(finishedAt(events, 4)).toBeLessThan(finishedAt(events, 3));
    expect(finishedAt(events, 4)).toBeGreaterThan(finishedAt(events, 2));
  });

  it('a matching request with keep_alive postpones a reload until that timer ends', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3, { options: { num_ctx: 8192 } }));
    machine.submit(submission(4, { keepAliveNs: 60 * SECOND }));
    const events = runOn(machine);
    expect(finishedAt(events, 3) - finishedAt(events, 4)).toBeGreaterThan(60 * SECOND);
  });

  it('one load at a time, of whatever model, and others wait in the queue', () => {
    const machine = machineWith({ hardware: PROFILES.gpu24 });
    machine.submit(submission(1));
    machine.submit(submission(2, { model: SMALL }));
    machine.submit(submission(3));
    const events = runOn(machine);
    expect(finishedAt(events, 2)).toBeGreaterThan(finishedAt(events, 1));
    expect(machine.counters().loads).toBe(2);
    const outcome = outcomesOf(events).get(3);
    expect(outcome?.kind === 'done' && outcome.final.loadNs > 3 * SECOND).toBe(true);
  });

  it('a full queue answers 503 in the server’s words', () => {
    const machine = machineWith({ maxQueue: 1 });
    machine.submit(submission(1));
    machine.submit(submission(2));
    const outcome = outcomesOf(machine.submit(submission(3))).get(3);
    expect(outcome).toEqual({ kind: 'error', status: 503, message: QUEUE_FULL_MESSAGE });
    expect(machine.counters().outcomes.busy).toBe(1);
  });

  it('requests for a loaded runner do not count against the queue', () => {
    const machine = machineWith({ maxQueue: 0 });
    machine.submit(submission(1));
    const refused = machine.counters().outcomes.busy;
    const roomy = machineWith({ maxQueue: 1 });
    ask(roomy, 1);
    for (let id = 2; id < 8; id += 1) roomy.submit(submission(id));
    runOn(roomy);
    expect([refused, roomy.counters().outcomes.done]).toEqual([1, 7]);
  });

  it('a runner leaves after keep_alive, and the next request loads it again', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.advance(machine.nowNs + 299 * SECOND);
    expect(machine.runners()).toHaveLength(1);
    machine.advance(machine.nowNs + 2 * SECOND);
    expect(machine.runners()).toHaveLength(0);
    expect(reloaded(machine, 2)).toBe(true);
  });

  it('keep_alive sticks to the runner; 0 unloads at once, Infinity never', () => {
    const machine = machineWith();
    ask(machine, 1, { keepAliveNs: 1000 * SECOND });
    ask(machine, 2);
    machine.advance(machine.nowNs + 999 * SECOND);
    expect(machine.runners()).toHaveLength(1);
    ask(machine, 3, { keepAliveNs: Infinity });
    machine.advance(machine.nowNs + 1e6 * SECOND);
    expect(machine.runners()).toHaveLength(1);
    ask(machine, 4, { keepAliveNs: 0 });
    expect(machine.runners()).toHaveLength(0);
  });

  it('a cancelled load is aborted and the next one starts', () => {
    const machine = machineWith();
    machine.submit(submission(1));
    machine.advance(SECOND);
    expect(outcomesOf(machine.cancel(1)).get(1)).toEqual({ kind: 'cancelled' });
    expect(machine.runners()).toHaveLength(0);
    expect(reloaded(machine, 2)).toBe(true);
    expect(machine.counters()).toMatchObject({ loads: 2, abortedLoads: 1, outcomes: { cancelled: 1, done: 1 } });
  });

  it('a cancelled answer frees its slot at once', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 4000 }));
    machine.submit(submission(3));
    machine.advance(machine.nowNs + SECOND);
    const at = machine.nowNs;
    const events = [...machine.cancel(2), ...runOn(machine)];
    expect(finishedAt(events, 3) - at).toBeLessThan(SECOND);
  });

  it('a request cancelled while it waits for a reload loads nothing', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3, { options: { num_ctx: 8192 } }));
    machine.cancel(3);
    runOn(machine);
    expect(machine.counters().loads).toBe(1);
  });

  it('waiting for a slot is in none of the parts', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3));
    const outcome = outcomesOf(runOn(machine)).get(3);
    if (outcome?.kind !== 'done') throw new Error('not done');
    const { final } = outcome;
    expect(final.totalNs - final.loadNs - final.prefillNs - final.decodeNs).toBeGreaterThan(9 * SECOND);
  });

  it('with two slots two answers run side by side', () => {
    const machine = machineWith({ parallel: 2 });
    ask(machine, 1);
    machine.submit(submission(2, { answerTokens: 450 }));
    machine.submit(submission(3, { answerTokens: 450 }));
    const events = runOn(machine);
    expect(Math.abs(finishedAt(events, 3) - finishedAt(events, 2))).toBeLessThan(SECOND);
  });

  it('a model that does not fit beside the others puts an idle one out', () => {
    const machine = machineWith();
    ask(machine, 1);
    ask(machine, 2, { model: QWEN });
    expect(machine.runners().map((runner) => runner.model.name)).toEqual(['qwen3:latest']);
    expect(machine.counters().evictions).toBe(1);
  });

  it('a fifth of the free memory stays free: what would fill it puts another out', () => {
    const beside = (weightsBytes: number) => {
      const machine = machineWith();
      ask(machine, 1, { model: EMBED, text: null });
      ask(machine, 2, { model: { ...SMALL, weightsBytes }, text: null });
      return machine.runners().length;
    };
    expect([beside(5.3 * GIB), beside(6 * GIB)]).toEqual([2, 1]);
  });

  it('models that fit stay loaded side by side, up to the limit', () => {
    const machine = machineWith({ maxLoaded: 2 });
    ask(machine, 1, { model: SMALL });
    ask(machine, 2, { model: EMBED, text: null });
    expect(machine.runners()).toHaveLength(2);
    ask(machine, 3, { model: { ...SMALL, blob: 'another' } });
    expect(machine.runners()).toHaveLength(2);
  });

  it('the one with the shortest keep_alive is put out first', () => {
    const machine = machineWith({ maxLoaded: 2 });
    ask(machine, 1, { model: SMALL, keepAliveNs: 30 * SECOND });
    ask(machine, 2, { model: EMBED, text: null });
    ask(machine, 3, { model: { ...SMALL, blob: 'another', name: 'another:latest' } });
    expect(machine.runners().map((runner) => runner.model.name)).toEqual(['nomic-embed-text:latest', 'another:latest']);
  });

  it('a preload loads with its window and says so', () => {
    const machine = machineWith();
    const outcome = ask(machine, 1, { text: null, options: { num_ctx: 3072 } });
    expect(outcome).toMatchObject({ kind: 'done', final: { doneReason: 'load', numCtx: 3072, outputTokens: 0 } });
  });

  it('a refusal costs no prefill and keeps the runner', () => {
    const machine = machineWith();
    ask(machine, 1);
    const before = machine.nowNs;
    const outcome = ask(machine, 2, { text: 'word '.repeat(9000), truncate: false });
    expect(outcome).toEqual({ kind: 'error', status: 400, message: exceedsMessage(9010, 4096) });
    expect(machine.nowNs - before).toBeLessThan(SECOND / 10);
    expect(reloaded(machine, 3)).toBe(false);
    expect(machine.counters().refused).toBe(1);
  });

  it('cut prompts and shifted answers are counted', () => {
    const machine = machineWith();
    ask(machine, 1, { text: 'word '.repeat(9000) });
    ask(machine, 2, { options: { num_ctx: 256 }, answerTokens: 600 });
    expect(machine.counters()).toMatchObject({ cuts: 1, shifted: 1 });
  });

  it('a reset machine is a new one', () => {
    const machine = machineWith();
    ask(machine, 1);
    machine.submit(submission(2));
    machine.reset();
    expect([machine.nowNs, machine.pending, machine.runners().length, machine.nextEventAt()]).toEqual([0, 0, 0, null]);
    expect(machine.counters()).toEqual(machineWith().counters());
  });
});
