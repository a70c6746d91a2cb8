import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the processes of a model server are called: the server itself, and what runs a model for it. */
const NAMES = new Set(['ollama', 'ollama_llama_se', 'llama-server']);

export interface ServerProcesses {
  /** What they hold that cannot be reclaimed as long as they run: no mapped files. */
  readonly heldBytes: number;
  /** The control group they all are in, as a path below the root; null: not known, or several. */
  readonly controlGroup: string | null;
}

/** The model server's processes as `/proc` shows them to everybody; null: there are none to be seen. Never rejects. */
export async function serverProcesses(proc: string): Promise<ServerProcesses | null> {
  const ids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: { held: number; group: string | null }[] = [];
  for (const id of ids) {
    const name = await readFile(join(proc, id, 'comm'), 'utf8').catch(() => '');
    if (!NAMES.has(name.trim())) continue;
    const [status, groups] = await Promise.all(
      ['status', 'cgroup'].map((file) => readFile(join(proc, id, file), 'utf8').catch(() => '')),
    );
    found.push({ held: heldBytes(status!), group: /^0::(\/.*)$/m.exec(groups!)?.[1] ?? null });
  }
  if (found.length === 0) return null;
  const groups = new Set(found.map(({ group }) => group));
  return {
    heldBytes: found.reduce((sum, { held }) => sum + held, 0),
    controlGroup: groups.size === 1 ? found[0]!.group : null,
  };
}

function heldBytes(status: string): number {
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, 'm').exec(status)?.[1] ?? 0);
  return (read('RssAnon') + read('RssShmem')) * 1024;
}
