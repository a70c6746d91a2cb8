import { startServer } from '@rightsize/traffic';
import { fileURLToPath } from 'node:url';

function entryOf(app: string): string {
  return fileURLToPath(new URL(`../../${app}/dist/main.js`, import.meta.url));
}

/** Does `work` with the server at `upstream`, or with a stand-in that lives as long as the work; null: the stand-in. */
export async function withUpstream<T>(
  upstream: string | null,
  timeScale: number,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (upstream !== null) return work(upstream);
  const args = ['--port', '0', '--profile', 'gpu8', '--time-scale', String(timeScale)];
  const server = await startServer(entryOf('ollama-sim'), args);
  return work(server.url).finally(() => server.stop());
}

/** Does `work` with a gateway of its own in front of the server, as a user would start it. */
export async function withGateway<T>(
  upstream: string,
  database: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const args = ['--upstream', upstream, '--port', '0', '--db', database, '--log-level', 'error'];
  const server = await startServer(entryOf('gateway'), args);
  return work(server.url).finally(() => server.stop());
}
