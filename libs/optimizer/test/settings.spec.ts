import { clientWindowRule, resolveSettings, SettingsError } from '../src/settings.js';

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
