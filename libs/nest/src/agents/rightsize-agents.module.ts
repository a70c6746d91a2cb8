import { Inject, Injectable, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import type { RightsizeDoor } from '@rightsize/optimizer';
import { AgentChain, type AgentCount, type AgentOptions } from './agent-chain.js';
import { AgentDoor } from './agent-door.js';
import { BaseAgent } from './base-agent.js';
import type { OptimizerMode } from './optimizer-agent.js';

export interface RightsizeAgentsOptions extends AgentOptions {
  /** Which requests are optimized: all, those that ask for it with `/opt`, or none. @default 'always' */
  readonly optimizer?: OptimizerMode;
}

const AgentsOptions = Symbol('rightsize.AgentsOptions');

/** The agents of an application: all its providers that are a `BaseAgent`, wherever they are. */
@Injectable()
export class AgentRegistry implements OnModuleInit {
  readonly #chain: AgentChain;
  readonly mode: OptimizerMode;

  constructor(
    @Inject(AgentsOptions) options: RightsizeAgentsOptions,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
  ) {
    this.#chain = new AgentChain(options);
    this.mode = options.optimizer ?? 'always';
  }

  onModuleInit(): void {
    const found = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    for (const agent of new Set(found)) if (agent instanceof BaseAgent) this.register(agent);
  }

  /** For agents that are no providers. Throws when there is one with its name. */
  register(agent: BaseAgent): void {
    this.#chain.register(agent);
  }

  /** What each agent did since the start. */
  get counts(): readonly AgentCount[] {
    return this.#chain.counts;
  }

  /** A proxy's way to the optimizer, through the agents. */
  before(door: RightsizeDoor): RightsizeDoor {
    return new AgentDoor(door, this.#chain, this.mode);
  }
}

/** Lets agents, and `/opt` in messages, work on what passes through the proxies of `RightsizeProxyModule`. */
@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
export class RightsizeAgentsModule {
  static forRoot(options: RightsizeAgentsOptions = {}): DynamicModule {
    return {
      module: RightsizeAgentsModule,
      imports: [DiscoveryModule],
      providers: [{ provide: AgentsOptions, useValue: options }, AgentRegistry],
      exports: [AgentRegistry],
    };
  }
}
