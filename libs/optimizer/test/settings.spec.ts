import {
  clientWindowRule,
  memoryBudgetFor,
  modeFor,
  reloadSettings,
  resolveSettings,
  SettingsError,
} from '../src/settings.js';

const upstream = 'http://127.0.0.1:11434';

describe('options', () => {
  it('name the key and the remedy when they cannot be used', () => {
    expect(() => resolveSettings({ upstream: 'localhost' })).toThrow(SettingsError);
    expect(() => resolveSettings({ upstream: 'ftp://x' })).toThrow(
      'upstream: "ftp://x" must begin with http:// or https://',
    );
    expect(() => resolveSettings({ upstream, mode: 'on' as never })).toThrow(
      'mode: "on" is not one of active, shadow, off',
    );
    expect(() => resolveSettings({ upstream, memoryBudgetBytes: -1 })).toThrow('memoryBudgetBytes: -1');
    expect(() => resolveSettings({ upstream, clientWindows: [{ rule: 'never' as never }] })).toThrow(
      'clientWindows.rule',
    );
  });
});

describe("the rule for a client's own window", () => {
  const settings = resolveSettings({
    upstream,
    clientWindows: [
      { model: 'llama*:8b', client: 'editor', rule: 'exact' },
      { client: 'agent-*', rule: 'floor' },
    ],
  });

  it('is a hint unless an entry fits model and client', () => {
    expect(clientWindowRule(settings, 'llama3:8b', null)).toBe('hint');
    expect(clientWindowRule(settings, 'qwen:8b', 'editor')).toBe('hint');
    expect(clientWindowRule(settings, 'llama3:8b', 'editor')).toBe('exact');
    expect(clientWindowRule(settings, 'anything', 'agent-7')).toBe('floor');
    expect(clientWindowRule(settings, 'anything', 'my-agent-7')).toBe('hint');
  });

  it('lets a star stand for nothing, but not for a shared letter', () => {
    const one = resolveSettings({ upstream, clientWindows: [{ model: 'aa*aa', rule: 'exact' }] });
    expect(clientWindowRule(one, 'aaaa', null)).toBe('exact');
    expect(clientWindowRule(one, 'aaa', null)).toBe('hint');
  });
});

describe('overrides', () => {
  const settings = resolveSettings({
    upstream,
    memoryBudgetBytes: 9,
    overrides: [
      { client: 'editor', mode: 'off' },
      { model: 'llama*', memoryBudgetBytes: 5 },
      { model: '*:8b', mode: 'shadow', memoryBudgetBytes: 7 },
    ],
  });

  it('count in their order, each for what it says', () => {
    expect(modeFor(settings, 'llama:8b', null)).toBe('shadow');
    expect(modeFor(settings, 'llama:8b', 'editor')).toBe('off');
    expect(modeFor(settings, 'qwen', 'agent')).toBe('active');
    expect(memoryBudgetFor(settings, 'llama:8b')).toBe(5);
    expect(memoryBudgetFor(settings, 'qwen:8b')).toBe(7);
    expect(memoryBudgetFor(settings, 'qwen')).toBe(9);
  });

  it('that cannot be used are refused', () => {
    expect(() => resolveSettings({ upstream, overrides: [{ mode: 'x' as never }] })).toThrow('overrides.mode');
    expect(() => resolveSettings({ upstream, overrides: [{ memoryBudgetBytes: 0 }] })).toThrow('memoryBudgetBytes');
  });
});

describe('reloaded options', () => {
  it('reach everybody who holds the settings, except those that are fixed', () => {
    const settings = resolveSettings({ upstream });
    reloadSettings(settings, { upstream: 'http://127.0.0.1:1', mode: 'shadow', lookMs: 7, recentDecisions: 3 });
    expect(settings).toMatchObject({ upstream, mode: 'shadow', lookMs: 7, recentDecisions: 1000 });
  });

  it('change nothing when one cannot be used, or when there is no log to decide with', () => {
    const settings = resolveSettings({ upstream });
    expect(() => reloadSettings(settings, { upstream, mode: 'shadow', lookMs: 0 })).toThrow(SettingsError);
    expect(settings.mode).toBe('active');
    const off = resolveSettings({ upstream, mode: 'off' });
    expect(() => reloadSettings(off, { upstream })).toThrow('takes a restart');
  });
});
