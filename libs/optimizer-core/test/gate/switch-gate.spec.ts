import { SwitchGate } from '../../src/index.js';

/** A gate at which `sent` requests are on their way in the loaded window. */
function gateWith(...sent: number[]): SwitchGate {
  const gate = new SwitchGate(8);
  for (const id of sent) {
    expect(gate.arrive(id)).toBe('decide');
    expect(gate.decided(id, false)).toBe('send');
  }
  return gate;
}

describe('a gate with nothing to hold', () => {
  it('lets everybody through who fits the loaded runner', () => {
    const gate = gateWith(1, 2, 3);
    expect([gate.sent, gate.waiting, gate.next()]).toEqual([3, [], null]);
  });

  it('lets one decide at a time, so that two do not open two windows', () => {
    const gate = new SwitchGate(8);
    expect([gate.arrive(1), gate.arrive(2), gate.next()]).toEqual(['decide', 'wait', null]);
    gate.decided(1, false);
    expect(gate.next()).toBe(2);
  });

  it('is idle again when all have ended', () => {
    const gate = gateWith(1);
    expect(gate.isIdle).toBe(false);
    gate.leave(1);
    expect(gate.isIdle).toBe(true);
  });
});

describe('a switch', () => {
  it('goes at once where nobody uses the runner, and holds the others until it is through', () => {
    const gate = gateWith();
    gate.arrive(1);
    expect(gate.decided(1, true)).toBe('send');
    expect([gate.arrive(2), gate.arrive(3), gate.next()]).toEqual(['wait', 'wait', null]);
    gate.through(1);
    expect(gate.next()).toBe(2);
    gate.decided(2, false);
    expect(gate.next()).toBe(3);
  });

  it('waits until those before it have ended, and is decided again then', () => {
    const gate = gateWith(1, 2);
    gate.arrive(3);
    expect(gate.decided(3, true)).toBe('wait');
    gate.leave(1);
    expect(gate.next()).toBeNull();
    gate.leave(2);
    expect(gate.next()).toBe(3);
    expect(gate.decided(3, true)).toBe('send');
  });

  it('is not starved by those that fit the old window: they wait behind it', () => {
    const gate = gateWith(1);
    gate.arrive(2);
    gate.decided(2, true);
    expect([gate.arrive(3), gate.next(), gate.waiting]).toEqual(['wait', null, [2, 3]]);
  });

  it.each([
    ['fails', (gate: SwitchGate) => gate.leave(1)],
    ['is shown by the server', (gate: SwitchGate) => gate.shown()],
    ['is refused for its length', (gate: SwitchGate) => gate.again(1)],
  ])('holds nobody any more once it %s', (_, happens) => {
    const gate = gateWith();
    gate.arrive(1);
    gate.decided(1, true);
    gate.arrive(2);
    happens(gate);
    expect(gate.isSwitching).toBe(false);
    expect(gate.next()).not.toBeNull();
  });

  it('whose client leaves while it waits lets those behind it go on', () => {
    const gate = gateWith(1);
    gate.arrive(2);
    gate.decided(2, true);
    gate.arrive(3);
    gate.leave(2);
    expect(gate.next()).toBe(3);
  });
});

describe('a request that was refused for its length', () => {
  it('is decided again before those that came after it', () => {
    const gate = gateWith(1, 2);
    gate.arrive(3);
    gate.decided(3, true);
    gate.again(1);
    expect(gate.next()).toBe(1);
    expect(gate.decided(1, true)).toBe('wait');
    gate.leave(2);
    expect(gate.next()).toBe(1);
    expect(gate.decided(1, true)).toBe('send');
    expect(gate.waiting).toEqual([3]);
  });
});

describe('the bounds of a gate', () => {
  it('are so many held requests; one more is told that it is full', () => {
    const gate = new SwitchGate(2);
    gate.arrive(1);
    gate.decided(1, true);
    expect([gate.arrive(2), gate.arrive(3), gate.arrive(4)]).toEqual(['wait', 'wait', 'full']);
  });

  it('are a time: who has waited that long goes, switch or no switch, and changes what it must', () => {
    const gate = new SwitchGate(8);
    gate.arrive(1);
    gate.decided(1, true);
    gate.arrive(2);
    gate.arrive(3);
    gate.expire(3);
    expect(gate.next()).toBe(3);
    expect([gate.decided(3, true), gate.next()]).toEqual(['send', null]);
  });
});

describe('what is reported twice or too late', () => {
  it('changes nothing', () => {
    const gate = gateWith(1);
    gate.leave(1);
    gate.leave(1);
    gate.through(1);
    gate.expire(1);
    expect(gate.isIdle).toBe(true);
    gate.arrive(2);
    gate.leave(2);
    gate.arrive(3);
    expect([gate.decided(2, true), gate.sent, gate.isSwitching]).toEqual(['send', 0, false]);
    expect(gate.decided(3, false)).toBe('send');
  });
});
