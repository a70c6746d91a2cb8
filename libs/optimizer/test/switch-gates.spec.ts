import { SwitchGates, type Pass, type Leaving } from '../src/switch-gates.js';

function given(bounds: { holdMs?: number; maxHeld?: number } = {}) {
  const gates = new SwitchGates<string>({ holdMs: 60_000, maxHeld: 8, ...bounds });
  const enter = (name: string, client: Leaving = {}) => gates.enter('r', name, client) as Pass<string>;
  /** A request on its way that changes the runner. */
  const switching = (name: string) => {
    const pass = enter(name);
    expect([pass.turn, pass.decided(true, () => undefined)]).toEqual([null, null]);
    return pass;
  };
  return { gates, enter, switching };
}

describe('a request at the gates', () => {
  it('is decided at once, without a promise, as long as nothing is held', () => {
    const { enter } = given();
    const sent: string[] = [];
    for (const name of ['a', 'b']) {
      const pass = enter(name);
      expect(pass.turn).toBeNull();
      expect(pass.decided(false, () => sent.push(name))).toBeNull();
    }
    expect(sent).toEqual(['a', 'b']);
  });

  it('of another runner is not held', () => {
    const { gates, switching } = given();
    switching('a');
    expect(gates.enter('other', 'b', {})).toMatchObject({ turn: null });
    expect(gates.isSwitching).toBe(true);
  });

  it('has its turn when the switch before it is through, and sends before the next one decides', async () => {
    const { switching, enter } = given();
    const first = switching('a');
    const [second, third] = [enter('b'), enter('c')];
    first.through();
    const order: string[] = [];
    const next = third.turn!.then(() => order.push('c decides'));
    await second.turn;
    second.decided(false, () => order.push('b is sent'));
    await next;
    expect(order).toEqual(['b is sent', 'c decides']);
  });

  it('knows who waits behind it', async () => {
    const { enter, switching } = given();
    const first = switching('a');
    const second = enter('b');
    enter('c');
    first.through();
    await second.turn;
    expect(second.behind).toEqual(['c']);
  });

  it('leaves the queue when its client does, and lets the others through', async () => {
    const { gates, enter, switching } = given();
    const first = switching('a');
    const leaving = new AbortController();
    const second = enter('b', leaving);
    const third = enter('c');
    leaving.abort();
    expect(await second.turn).toBe('gone');
    expect(gates.held).toBe(1);
    first.leave();
    expect(await third.turn).toBe('decide');
  });

  it('whose client had left before it was held is gone at once', async () => {
    const { enter, switching } = given();
    switching('a');
    expect(await enter('b', { signal: AbortSignal.abort() }).turn).toBe('gone');
  });

  it('goes after the bound, whatever goes on', async () => {
    const { enter, switching } = given({ holdMs: 1 });
    switching('a');
    expect(await enter('b').turn).toBe('decide');
  });

  it('is turned away when too many are held already', () => {
    const { gates, enter, switching } = given({ maxHeld: 1 });
    switching('a');
    enter('b');
    expect(gates.enter('r', 'c', {})).toBe('full');
  });

  it('has its turn when the server shows what the switch asked for', async () => {
    const { gates, enter, switching } = given();
    switching('a');
    const second = enter('b');
    gates.shown('r');
    expect(await second.turn).toBe('decide');
  });

  it('that was refused is decided again before those that came after it', async () => {
    const { enter, switching } = given();
    const first = switching('a');
    const second = enter('b');
    const again = first.again();
    expect(await again).toBe('decide');
    first.decided(true, () => undefined);
    first.leave();
    expect(await second.turn).toBe('decide');
  });
});
