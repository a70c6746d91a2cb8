import { execFileSync } from 'node:child_process';
import { build, ROOT } from './built.js';
import { ScratchFolder } from './scratch-folder.js';

describe("TypeORM's command line on ormconfig", () => {
  let folder: ScratchFolder;
  beforeAll(() => {
    build('tsconfig.orm.json');
    folder = new ScratchFolder();
  }, 120_000);
  afterAll(() => folder.clean());

  function migrations(command: 'run' | 'revert' | 'show', file: string): string {
    const args = ['node_modules/typeorm/cli.js', `migration:${command}`, '-d', 'dist/ormconfig.js'];
    return execFileSync(process.execPath, args, { cwd: ROOT, env: { ...process.env, RIGHTSIZE_DB: file } }).toString();
  }

  it('shows, runs and reverts the migrations of the file named by RIGHTSIZE_DB', async () => {
    const file = folder.newFile();

    expect(migrations('show', file)).toMatch(/\[ \] CreateEventLog\d+/);
    migrations('run', file);
    expect(migrations('show', file)).not.toContain('[ ]');
    migrations('revert', file);
    expect(migrations('show', file)).toMatch(/\[X\] .*CreateEventLog\d+[^]*\[ \] AddRetention\d+/);
    expect(await (await folder.open({ file })).store.head()).toBe(0);
    expect(migrations('show', file)).not.toContain('[ ]');
  }, 60_000);
});
