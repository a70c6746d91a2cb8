import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment, resolve } from '../src/index.js';
import { flag, fromYaml, live, TABLE } from './given.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rightsize-configuration-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(content: string, name = 'rightsize.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('settings', () => {
  it('have their defaults while nothing is said', () => {
    const { values, sources } = live(null).reading;
    expect(values).toMatchObject({ mode: 'active', port: 1, memory: null, 'policy.margin': 0.5 });
    expect(sources.mode).toEqual({ layer: 'default', where: 'default' });
  });

  it('of the command line go before those of the environment, and those before the file', () => {
    const yaml = file('mode: shadow\nport: 2\npolicy:\n  margin: 2\n');
    const environment = { RIGHTSIZE_MODE: 'off', RIGHTSIZE_PORT: '3' };
    const { values, sources } = live(yaml, environment, [flag('mode', 'active')]).reading;
    expect(values).toMatchObject({ mode: 'active', port: 3, 'policy.margin': 2 });
    expect(sources).toMatchObject({
      mode: { layer: 'command-line', where: '--mode' },
      port: { layer: 'environment', where: 'RIGHTSIZE_PORT' },
      'policy.margin': { layer: 'file', where: 'rightsize.yaml:4' },
    });
  });

  it('mean the same as text and as values of a file', () => {
    expect(fromYaml('tags: [a, b]\nmemory: 2.5').values).toMatchObject({ tags: ['a', 'b'], memory: 2.5 });
    const { settings } = readEnvironment(TABLE, { RIGHTSIZE_TAGS: 'a, b', RIGHTSIZE_MEMORY: '2.5' });
    expect(resolve(TABLE, settings, []).values).toMatchObject({ tags: ['a', 'b'], memory: 2.5 });
  });

  it('read YAML\u2019s bare `off` as the word', () => {
    expect(fromYaml('mode: off').values.mode).toBe('off');
  });
});

describe('mistakes', () => {
  it.each([
    ['mode: active\nmod: shadow', 'rightsize.yaml:2', 'no such setting "mod" (did you mean "mode"?)'],
    ['policy:\n  margn: 1', 'rightsize.yaml:2', 'no such setting "policy.margn" (did you mean "policy.margin"?)'],
    ['zzzzzzzz: 1', 'rightsize.yaml:1', 'no such setting "zzzzzzzz"'],
    ['\n\nport: 70000', 'rightsize.yaml:3', 'port: 70000 is not a whole number from 0 to 65535'],
    ['mode: loud', 'rightsize.yaml:1', 'mode: "loud" is not one of active, shadow, off'],
    ['mode:', 'rightsize.yaml:1', 'mode: null is not one of active, shadow, off'],
    ['- mode', 'rightsize.yaml:1', 'must hold keys with values, like "mode: shadow"'],
    ['mode: [shadow', 'rightsize.yaml:1', expect.stringContaining('Flow') as string],
    ['mode: off\nmode: active', 'rightsize.yaml:2', expect.stringContaining('unique') as string],
    ['models:\n  a: 1', 'rightsize.yaml:2', '"a" must hold settings'],
    ['models: 1', 'rightsize.yaml:1', '"models" must hold names, and for each of them settings'],
    [
      'models:\n  a:\n    port: 1',
      'rightsize.yaml:3',
      '"port" cannot be set apart for a model; these can: mode, memory',
    ],
    ['clients:\n  a:\n    memory: 1', 'rightsize.yaml:3', '"memory" cannot be set apart for a client; these can: mode'],
  ])('in %j are told with their line and a way out', (source, where, message) => {
    expect(fromYaml(source).problems).toEqual([{ where, message }]);
  });

  it('are all told at once', () => {
    expect(fromYaml('a1: 1\nport: x\nmode: y').problems).toHaveLength(3);
  });

  it('in the environment are told too: a variable that nobody reads would be silent', () => {
    expect(readEnvironment(TABLE, { RIGHTSIZE_MODS: 'x', OTHER: 'y' }).problems).toEqual([
      { where: 'RIGHTSIZE_MODS', message: 'no such setting (did you mean "RIGHTSIZE_MODE"?)' },
    ]);
  });

  it('keep a configuration from being used at all', () => {
    expect(() => live(file('mode: loud\nport: x'))).toThrow(/rightsize.yaml:1: mode.*\n.*rightsize.yaml:2: port/);
    expect(() => live(join(folder, 'nowhere.yaml'))).toThrow('cannot be read');
  });

  it('are not looked for in a file of more than a mebibyte', () => {
    expect(() => live(file(`# ${'x'.repeat(1_100_000)}`))).toThrow('larger than');
  });
});

describe('a secret', () => {
  it('is read from the file that is named', () => {
    const secret = file('s3cret\n', 'key');
    expect(live(file(`admin:\n  key-file: ${secret}`)).reading.values['admin.key']).toBe('s3cret');
    expect(live(null, { RIGHTSIZE_ADMIN_KEY_FILE: secret }).reading.values['admin.key']).toBe('s3cret');
    expect(live(null, {}, [flag('admin.key-file', secret)]).reading.values['admin.key']).toBe('s3cret');
  });

  it('may be in the environment, but not on the command line', () => {
    expect(live(null, { RIGHTSIZE_ADMIN_KEY: 's3cret' }).reading.values['admin.key']).toBe('s3cret');
    expect(() => live(null, {}, [flag('admin.key', 's3cret')])).toThrow('use --admin.key-file');
  });

  it('is not repeated in what is said of it', () => {
    const { problems } = fromYaml('admin:\n  key: [s3cret]');
    expect(problems).toEqual([{ where: 'rightsize.yaml:2', message: 'admin.key: the value is not a text' }]);
  });

  it('that cannot be read keeps the gateway from starting', () => {
    expect(() => live(null, { RIGHTSIZE_ADMIN_KEY_FILE: join(folder, 'none') })).toThrow(
      'admin.key-file: cannot be read',
    );
    expect(() => live(null, { RIGHTSIZE_ADMIN_KEY_FILE: file('', 'empty') })).toThrow(
      'admin.key: the value is not a text',
    );
  });
});

describe('sections for models and clients', () => {
  it('keep their order and say what they set', () => {
    const { sections } = fromYaml(
      'models:\n  "a*":\n    mode: off\n    memory: 2\n  b:\n    memory: 3\nclients:\n  c:\n    mode: shadow',
    );
    expect(sections).toEqual([
      { scope: 'model', glob: 'a*', values: { mode: 'off', memory: 2 } },
      { scope: 'model', glob: 'b', values: { memory: 3 } },
      { scope: 'client', glob: 'c', values: { mode: 'shadow' } },
    ]);
  });
});
