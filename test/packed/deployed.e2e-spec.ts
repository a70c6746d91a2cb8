import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { KEYS } from '../../apps/gateway/src/configuration/keys.js';

const UNIT = 'deploy/systemd/rightsize.service';
const COMPOSE = 'deploy/docker';
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the systemd unit', () => {
  const unit = readFileSync(UNIT, 'utf8');

  it('gives open streams longer than the gateway does', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1]);
    expect(seconds).toBeGreaterThan(KEYS['drain-seconds'].default);
  });

  it('is understood by systemd where there is one, which finds it well enclosed', () => {
    if (!hasSystemd) return;
    const folder = mkdtempSync(join(tmpdir(), 'rightsize-unit-'));
    const file = join(folder, 'rightsize.service');
    // The program is not installed on this machine, and systemd looks for it.
    writeFileSync(file, unit.replace('/usr/local/bin/rightsize-gateway', '/bin/true'));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    const judged = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', file], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    expect(judged.status).toBe(0);
  });
});

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

describe('the compose file', () => {
  const { services, volumes } = parse(readFileSync(join(COMPOSE, 'compose.yaml'), 'utf8')) as Compose;

  it('has Open WebUI ask Rightsize and Rightsize ask Ollama, reachable from this machine only', () => {
    expect(services['open-webui']!.environment).toEqual({ OLLAMA_BASE_URL: 'http://rightsize:11435' });
    expect(services['rightsize']!.environment).toEqual({ RIGHTSIZE_UPSTREAM: 'http://ollama:11434' });
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(services['ollama']!.ports).toBeUndefined();
  });

  it('names only files, services and volumes that are there', () => {
    const { context, dockerfile } = services['rightsize']!.build!;
    expect(existsSync(join(resolve(COMPOSE, context), dockerfile))).toBe(true);
    const all = Object.values(services);
    expect(all.flatMap((one) => one.depends_on ?? []).filter((name) => !(name in services))).toEqual([]);
    const named = all.flatMap((one) => one.volumes ?? []).map((volume) => volume.split(':')[0]!);
    expect(named.toSorted()).toEqual(Object.keys(volumes).toSorted());
  });

  it('gives open streams longer than the gateway does', () => {
    const seconds = Number.parseInt(services['rightsize']!.stop_grace_period!, 10);
    expect(seconds).toBeGreaterThan(KEYS['drain-seconds'].default);
  });
});
