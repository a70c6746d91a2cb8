import type { ProxyOptions, V1Modes } from '../proxy/proxy-options.js';

/** How the proxy is mounted into an application. */
export interface RightsizeProxyOptions {
  /** Path below which the server's own paths lie: `/ollama` gives `/ollama/api/chat`. The global prefix does not count. */
  readonly prefix: string;
  /** The instance of `RightsizeModule` that decides. @default 'default' */
  readonly instance?: string;
  /** Largest body of a request that is read whole, bytes. Other routes have no bound. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
  /** How long making a connection to the upstream may take, milliseconds. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** How the routes in other vendors' dialects get their window. @default each `translate` */
  readonly v1?: Partial<V1Modes>;
  /**
   * Names, in lower case, of request headers that are the application's and not for the upstream.
   * @default ['authorization', 'cookie']
   */
  readonly withhold?: readonly string[];
  /** For the proxy as a handler, as guards see it: `UseGuards(…)`, or metadata such as your `Public()`. @default [] */
  readonly decorators?: readonly MethodDecorator[];
}

export const DEFAULT_WITHHELD: readonly string[] = ['authorization', 'cookie'];
export const DEFAULT_MAX_BODY_BYTES = 64 * 2 ** 20;
export const DEFAULT_CONNECT_TIMEOUT_MS: ProxyOptions['connectTimeoutMs'] = 10_000;

/** The prefix with a slash before and none after it. Throws for one that would take the whole application. */
export function checkedPrefix(prefix: string): string {
  const path = `/${prefix}`.replace(/^\/+/, '/').replace(/\/+$/, '');
  if (!/^\/[\w.~/-]+$/.test(path)) throw new Error(`prefix: "${prefix}" is no path such as /ollama`);
  return path;
}
