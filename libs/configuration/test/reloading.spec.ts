import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchConfiguration, type Reloaded } from '../src/index.js';
import { live } from './given.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-configuration-'));
  path = join(folder, 'rightsize.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('reloading', () => {
  it('takes over what can be reloaded, and names what takes a restart', () => {
    writeFileSync(path, 'mode: shadow\nport: 2\n');
    const configuration = live(path);
    const seen: string[] = [];
    configuration.onChange((reading, changes) => seen.push(`${reading.values.mode} ${changes.length}`));
    writeFileSync(path, 'mode: off\nport: 3\n');
    expect(configuration.reload()).toEqual({
      kind: 'applied',
      changes: [{ name: 'mode', from: 'shadow', to: 'off', source: { layer: 'file', where: 'rightsize.yaml:1' } }],
      needRestart: ['port'],
    });
    expect(configuration.reading.values).toMatchObject({ mode: 'off', port: 2 });
    expect(seen).toEqual(['off 1']);
  });

  it('keeps every old value when one of the new ones is bad, and says so until it is mended', () => {
    writeFileSync(path, 'mode: shadow\npolicy:\n  margin: 1\n');
    const configuration = live(path);
    writeFileSync(path, 'mode: off\npolicy:\n  margin: -1\n');
    expect(configuration.reload()).toMatchObject({ kind: 'refused', problems: [{ where: 'rightsize.yaml:3' }] });
    expect(configuration.reading.values).toMatchObject({ mode: 'shadow', 'policy.margin': 1 });
    expect(configuration.problem).toContain('rightsize.yaml:3');
    writeFileSync(path, 'mode: off\n');
    configuration.reload();
    expect([configuration.reading.values.mode, configuration.problem]).toEqual(['off', null]);
  });

  it('keeps the old values when the file is gone', () => {
    writeFileSync(path, 'mode: shadow\n');
    const configuration = live(path);
    rmSync(path);
    expect(configuration.reload().kind).toBe('refused');
    expect(configuration.reading.values.mode).toBe('shadow');
  });

  it('is refused by a listener that cannot use it', () => {
    writeFileSync(path, 'mode: shadow\n');
    const configuration = live(path);
    configuration.onChange(() => {
      throw new Error('not now');
    });
    writeFileSync(path, 'mode: off\n');
    expect(configuration.reload()).toMatchObject({ kind: 'refused', problems: [{ message: 'not now' }] });
    expect(configuration.reading.values.mode).toBe('shadow');
  });

  it('does not touch what goes before the file', () => {
    writeFileSync(path, '');
    const configuration = live(path, { RIGHTSIZE_MODE: 'shadow' });
    writeFileSync(path, 'mode: off');
    expect(configuration.reload()).toMatchObject({ changes: [] });
  });

  it('tells sections by name, and their order counts', () => {
    writeFileSync(path, 'models:\n  a:\n    mode: off\n  "*":\n    mode: shadow\n');
    const configuration = live(path);
    writeFileSync(path, 'models:\n  "*":\n    mode: shadow\n  a:\n    mode: off\n');
    expect(configuration.reload()).toMatchObject({ changes: [{ name: 'models.a.mode' }, { name: 'models.*.mode' }] });
  });
});

describe('a change at run time', () => {
  it('goes before everything else, and can be taken back', () => {
    const configuration = live(null, { RIGHTSIZE_MODE: 'shadow' });
    expect(configuration.change({ mode: 'off' }, 'admin')).toMatchObject({ kind: 'applied' });
    expect(configuration.reading).toMatchObject({
      values: { mode: 'off' },
      sources: { mode: { layer: 'runtime', where: 'admin' } },
    });
    configuration.change({ mode: null }, 'admin');
    expect(configuration.reading.values.mode).toBe('shadow');
  });

  it.each([
    [{ port: 3 }, 'takes a restart to change'],
    [{ 'admin.key': 'x' }, 'a secret is not changed at run time'],
    [{ mods: 'off' }, 'no such setting (did you mean "mode"?)'],
    [{ mode: 'loud' }, 'is not one of'],
    [{ mode: 'off', memory: -1 }, 'is not a number above zero'],
  ])('of %j is refused as a whole', (changes, message) => {
    const configuration = live(null);
    expect(configuration.change(changes, 'admin')).toMatchObject({
      kind: 'refused',
      problems: [{ message: expect.stringContaining(message) as string }],
    });
    expect(configuration.reading.values.mode).toBe('active');
  });

  it('survives a reload', () => {
    writeFileSync(path, 'mode: shadow');
    const configuration = live(path);
    configuration.change({ mode: 'off' }, 'admin');
    configuration.reload();
    expect(configuration.reading.values.mode).toBe('off');
  });
});

describe('watching', () => {
  it('sees a file that is written, one that is put in its place, and SIGHUP', async () => {
    writeFileSync(path, 'mode: shadow');
    const configuration = live(path);
    const outcomes: Reloaded[] = [];
    let wake = (): void => undefined;
    const watching = watchConfiguration(configuration, (outcome) => {
      outcomes.push(outcome);
      wake();
    });
    const mode = async (wanted: string): Promise<void> => {
      while (configuration.reading.values.mode !== wanted) await new Promise<void>((resolve) => (wake = resolve));
    };
    // Before it watches: seen all the same.
    writeFileSync(path, 'mode: active');
    await watching.ready;
    expect(configuration.reading.values.mode).toBe('active');
    writeFileSync(path, 'mode: off');
    await mode('off');
    writeFileSync(`${path}.new`, 'mode: active');
    renameSync(`${path}.new`, path);
    await mode('active');
    const before = outcomes.length;
    process.emit('SIGHUP');
    expect(outcomes.length).toBe(before + 1);
    await watching.close();
    process.emit('SIGHUP');
    expect(outcomes.length).toBe(before + 1);
  });
});
