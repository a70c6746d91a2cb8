import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAINTENANCE_COMMAND } from '@rightsize/optimizer';
import { register } from '../src/register.js';
import { verify } from '../src/verify.js';
import { Command } from 'commander';

const ROOT = join(import.meta.dirname, '../../..');

/** Sources of the programs and libraries that are packed. */
function sources(): readonly string[] {
  return ['apps/gateway', 'apps/maintenance', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(^|\/)src\/.*\.ts$/.test(file) && !file.includes('node_modules'))
      .map((file) => join(ROOT, folder, file)),
  );
}

describe('hints for users', () => {
  it('name a command that is there wherever the programs were installed, not a script of this repository', () => {
    const wrong = sources().filter((file) => readFileSync(file, 'utf8').includes('npm run maintenance'));
    expect(wrong).toEqual([]);
    const { name } = JSON.parse(readFileSync(join(ROOT, 'apps/maintenance/package.json'), 'utf8')) as { name: string };
    expect(MAINTENANCE_COMMAND).toBe(`npx ${name}`);
  });

  it('are in the help of each command', () => {
    const program = new Command();
    register(program, verify);
    let help = '';
    program.commands[0]!.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toMatch(/^ {2}npx @rightsize\/maintenance verify/m);
  });
});
