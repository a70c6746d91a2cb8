import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { AgentRegistry } from '../agents/rightsize-agents.module.js';
import { DEFAULT_V1 } from '../proxy/proxy-options.js';
import { Proxy } from '../proxy/proxy.js';
import { V1Plans } from '../proxy/v1-plans.js';
import {
  checkedPrefix,
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_WITHHELD,
  type RightsizeProxyOptions,
} from './mount-options.js';
import { MountedProxy } from './mounted-proxy.js';
import { serviceOf } from '../service-of.js';
import { entryClass, type ProxyEntry } from './proxy-entry.js';

const MountOptions = Symbol('rightsize.MountOptions');
const Entry = Symbol('rightsize.ProxyEntry');

/** Mounts when it is made: the application adds its body parser later, and a body that was parsed is not the one that came. */
@Injectable()
class ProxyMount implements OnModuleInit, OnApplicationShutdown {
  readonly #mounted: MountedProxy;
  #proxy: Proxy | null = null;

  constructor(
    @Inject(MountOptions) private readonly options: RightsizeProxyOptions,
    @Inject(Entry) entry: ProxyEntry,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(HttpAdapterHost) { httpAdapter }: Partial<HttpAdapterHost>,
    @Inject(ExternalContextCreator) contexts: ExternalContextCreator,
  ) {
    const { prefix, withhold = DEFAULT_WITHHELD } = options;
    this.#mounted = new MountedProxy(checkedPrefix(prefix), withhold, entry, contexts);
    // None in an application context, such as that of a command line.
    httpAdapter?.use(this.#mounted.middleware);
  }

  onModuleInit(): void {
    const { instance, v1, maxBodyBytes, connectTimeoutMs } = this.options;
    const service = serviceOf(this.modules, instance);
    const agents = this.agents();
    const options = {
      maxBodyBytes: maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
      connectTimeoutMs: connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      v1: { ...DEFAULT_V1, ...v1 },
      rightsize: service.current,
      commands: agents !== null && agents.mode !== 'off',
    };
    this.#proxy = new Proxy(agents?.before(service) ?? service, options, new V1Plans(options));
    this.#mounted.attach(this.#proxy);
  }

  /** Null: the application has none, and nothing is in the way. */
  private agents(): AgentRegistry | null {
    try {
      return this.modules.get(AgentRegistry, { strict: false });
    } catch {
      return null;
    }
  }

  /** The application's server has ended all requests by then; sockets that were cut off close behind the next turn. */
  async onApplicationShutdown(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#proxy?.onApplicationShutdown();
  }
}

/** The whole pass-through under a prefix: `RightsizeProxyModule.forRoot({ prefix: '/ollama' })`. */
@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
export class RightsizeProxyModule {
  static forRoot(options: RightsizeProxyOptions): DynamicModule {
    checkedPrefix(options.prefix);
    const entry = entryClass(options.decorators ?? []);
    return {
      module: RightsizeProxyModule,
      providers: [
        { provide: MountOptions, useValue: options },
        // By its class too, where Nest looks for what its decorators say.
        entry,
        { provide: Entry, useExisting: entry },
        ProxyMount,
      ],
    };
  }
}
