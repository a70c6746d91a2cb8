import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { DEFAULT_INSTANCE, getRightsizeToken, type RightsizeService } from '@rightsize/optimizer';
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
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(ExternalContextCreator) contexts: ExternalContextCreator,
  ) {
    const { prefix, withhold = DEFAULT_WITHHELD } = options;
    this.#mounted = new MountedProxy(checkedPrefix(prefix), withhold, entry, contexts);
    httpAdapter.use(this.#mounted.middleware);
  }

  onModuleInit(): void {
    const { instance, v1, maxBodyBytes, connectTimeoutMs } = this.options;
    const service = serviceOf(this.modules, instance);
    const options = {
      maxBodyBytes: maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
      connectTimeoutMs: connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      v1: { ...DEFAULT_V1, ...v1 },
      rightsize: service.current,
    };
    this.#proxy = new Proxy(service, options, new V1Plans(options));
    this.#mounted.attach(this.#proxy);
  }

  /** The application's server has ended all requests by then; sockets that were cut off close behind the next turn. */
  async onApplicationShutdown(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#proxy?.onApplicationShutdown();
  }
}

/** Wherever in the application that instance was made. */
export function serviceOf(modules: ModuleRef, instance = DEFAULT_INSTANCE): RightsizeService {
  try {
    return modules.get<RightsizeService>(getRightsizeToken(instance), { strict: false });
  } catch {
    throw new Error(`there is no RightsizeModule with the name "${instance}": import one`);
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
