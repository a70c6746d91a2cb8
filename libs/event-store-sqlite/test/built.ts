import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Brings up to date what a child process runs. */
export function build(...projects: readonly string[]): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...projects], { cwd: ROOT });
}
