import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { builtImage, type Image } from './image.js';
import { serving, type Serving } from './serving.js';

let image: Image;
let simulator: Simulator;
const started: Serving[] = [];

beforeAll(async () => {
  image = builtImage();
  simulator = await createSimulator({ timeScale: 0 });
}, 600_000);
afterAll(async () => {
  for (const one of started) await one.stop();
  await simulator?.close();
  image?.remove();
});

const of = (name: string): string => image.instructions.find((one) => one.name === name)?.text ?? '';

/** Docker itself is not there: what can be told without it is that its commands can be carried out, and what they leave. */
describe('the container image', () => {
  it('holds what runs and nothing it was made of', () => {
    expect(existsSync(join(image.root, 'opt/rightsize/apps/gateway/dist/main.js'))).toBe(true);
    const ours = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(image.root, 'opt/rightsize', folder), { recursive: true }).map(String),
    );
    expect(
      ours.filter((path) => /^[^/]+\/(src|test)|\.map$|\.d\.ts$/.test(path) && !/node_modules/.test(path)),
    ).toEqual([]);
  });

  it('runs as a user of its own, keeps its data in a volume and fetches nothing when it starts', () => {
    expect([of('USER'), of('VOLUME'), of('WORKDIR')]).toEqual(['node', '/data', '/data']);
    expect(image.instructions.filter(({ name, text }) => name === 'RUN' && /npm|apt/.test(text))).toEqual([]);
  });

  it('serves, and its health check passes while it does and fails after', async () => {
    const check = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK'))![1]!) as string[];
    const healthy = async (port: string): Promise<number> => {
      const child = spawn(check[0]!, check.slice(1), { env: { ...process.env, RIGHTSIZE_PORT: port } });
      const [code] = (await once(child, 'exit')) as [number];
      return code;
    };
    const [program = ''] = JSON.parse(of('ENTRYPOINT')) as string[];
    const gateway = await serving(image.here(`/usr/local/bin/${program}`), ['--port', '0'], {
      cwd: image.here('/data'),
      env: { RIGHTSIZE_UPSTREAM: simulator.url },
    });
    started.push(gateway);
    const { port } = new URL(gateway.url);
    expect((await fetch(`${gateway.url}/api/tags`)).status).toBe(200);
    expect(await healthy(port)).toBe(0);
    expect(await gateway.stop()).toBe(0);
    expect(readdirSync(image.here('/data'))).toContain('rightsize.sqlite');
    expect(await healthy(port)).toBe(1);
  }, 30_000);
});
