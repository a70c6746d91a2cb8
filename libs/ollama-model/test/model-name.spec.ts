import { isCloudName, nameKey, parseModelName, parseVersion, rulesOf, shortName } from '../src/index.js';

describe('model names', () => {
  it.each([
    ['llama3.2', 'llama3.2:latest'],
    ['llama3.2:1b', 'llama3.2:1b'],
    ['library/llama3.2', 'llama3.2:latest'],
    ['registry.ollama.ai/library/x:y', 'x:y'],
    ['me/x', 'me/x:latest'],
    ['localhost:5000/me/x:y', 'localhost:5000/me/x:y'],
  ])('%s is %s', (text, short) => {
    const name = parseModelName(text);
    expect(name === null ? null : shortName(name)).toBe(short);
  });

  it.each(['', 'a b c', 'a/b/c/d', 'x:'])('%j is no name', (text) => {
    expect(parseModelName(text)).toBeNull();
  });

  it('differ in case by spelling only', () => {
    const [a, b] = [parseModelName('Llama3.2'), parseModelName('llama3.2:LATEST')];
    expect(a !== null && b !== null && nameKey(a) === nameKey(b)).toBe(true);
  });

  it('cloud names are known by their ending', () => {
    expect(['x:cloud', 'gpt-oss:120b-cloud', 'cloud:latest', 'x'].map(isCloudName)).toEqual([true, true, false, false]);
  });
});

describe('versions', () => {
  it.each([
    ['0.34.4', true, 'counts', true],
    ['0.33.3', true, 'counts', true],
    ['0.33.2', true, 'counts', false],
    ['0.30.0', true, 'counts', false],
    ['0.29.9', false, 'message', false],
    ['0.12.6', false, 'message', false],
    ['0.12.5', false, 'ignored', false],
    ['1.0.0-rc1', true, 'counts', true],
  ])('%s', (text, automaticOptions, truncateFalse, cachedCount) => {
    const version = parseVersion(text);
    expect(version === null ? null : rulesOf(version)).toEqual({ automaticOptions, truncateFalse, cachedCount });
  });

  it('a text that is none', () => {
    expect([parseVersion(''), parseVersion('latest'), parseVersion('1')]).toEqual([null, null, null]);
  });
});
