import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with a `/proc`, a `/sys` and programs of its own. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'rightsize-machine-'));
  readonly proc = join(this.folder, 'proc');
  readonly sys = join(this.folder, 'sys');
  /** The programs' folder before those of this system: they are scripts of `sh`. */
  readonly path = `${join(this.folder, 'bin')}:${process.env['PATH']}`;

  get places() {
    const { proc, sys, path } = this;
    return { proc, sys, path };
  }

  file(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** kB, as the kernel writes them. */
  meminfo(total: number, available: number): void {
    this.file(
      'proc/meminfo',
      `MemTotal:       ${total} kB\nMemFree:  7 kB\nMemAvailable:   ${available} kB\nCached: 9 kB\n`,
    );
  }

  process(id: number, comm: string, anonymous: number, group = '/'): void {
    this.file(`proc/${id}/comm`, `${comm}\n`);
    this.file(
      `proc/${id}/status`,
      `Name:\t${comm}\nVmRSS:\t 99999999 kB\nRssAnon:\t ${anonymous} kB\nRssFile:\t 5000 kB\nRssShmem:\t 1 kB\n`,
    );
    this.file(`proc/${id}/cgroup`, `0::${group}\n`);
  }

  program(name: string, script: string): void {
    this.file(`bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.folder, 'bin', name), 0o755);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
