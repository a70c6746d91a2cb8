import type { ExchangeObserver, Optimized, OptimizeInput, RightsizeDoor } from '@rightsize/optimizer';
import type { AgentChain } from './agent-chain.js';
import type { AgentContext, BaseAgent } from './base-agent.js';
import { OptimizerAgent, type OptimizerMode } from './optimizer-agent.js';

const NO_OBSERVER: ExchangeObserver = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** The optimizer behind agents: what a proxy uses in its place. */
export class AgentDoor implements RightsizeDoor {
  readonly #door: RightsizeDoor;
  readonly #chain: AgentChain;
  readonly #optimizer: OptimizerAgent;

  constructor(door: RightsizeDoor, chain: AgentChain, mode: OptimizerMode) {
    this.#door = door;
    this.#chain = chain;
    this.#optimizer = new OptimizerAgent(door, mode);
  }

  /** Straight through where no agent has anything to do. */
  optimize(input: OptimizeInput): Promise<Optimized> {
    const isPlain = this.#chain.agents.length === 0 && !this.#optimizer.canHandle(input);
    return isPlain ? this.#door.optimize(input) : this.#throughAgents(input);
  }

  get server(): RightsizeDoor['server'] {
    return this.#door.server;
  }

  identify(): Promise<unknown> | null {
    return this.#door.identify();
  }

  noticeForeign(path: string): void {
    this.#door.noticeForeign(path);
  }

  health(): ReturnType<RightsizeDoor['health']> {
    return this.#door.health();
  }

  decisions(limit: number): ReturnType<RightsizeDoor['decisions']> {
    return this.#door.decisions(limit);
  }

  async #throughAgents(input: OptimizeInput): Promise<Optimized> {
    const { route, dialect = 'native', body, client, skip, signal = null } = input;
    const context: AgentContext = {
      route,
      dialect,
      client,
      skip,
      signal,
      body,
      headers: {},
      reply: null,
      optimized: null,
      notes: new Map(),
    };
    const handling = await this.#chain.request(context);
    if (context.reply === null) await this.#optimizer.onRequest(context, { ...input, body: context.body });
    if (context.reply !== null) {
      void this.#chain.response(handling, context, { status: 200, end: 'complete' });
      const { headers, reply } = context;
      return { requestId: '', body: context.body, headers, observer: NO_OBSERVER, reconsider: null, reply };
    }
    return this.#watched(context.optimized!, context, handling);
  }

  /** The decision, with the agents looking at its answer, and at that of what comes instead. */
  #watched(optimized: Optimized, context: AgentContext, handling: readonly BaseAgent[]): Optimized {
    const headers = { ...optimized.headers, ...context.headers };
    if (handling.length === 0) return { ...optimized, headers };
    const { observer, reconsider } = optimized;
    let last = 0;
    const watching: ExchangeObserver = {
      head: (status, type) => {
        last = status;
        observer.head(status, type);
      },
      chunk: (bytes) => {
        observer.chunk(bytes);
        this.#chain.chunk(handling, bytes, context);
      },
      end: (how) => {
        observer.end(how);
        void this.#chain.response(handling, context, { status: last, end: how });
      },
    };
    const again = async (status: number, answer: Buffer): Promise<Optimized | null> => {
      const next = await reconsider!(status, answer);
      return next && this.#watched(next, context, handling);
    };
    return { ...optimized, headers, observer: watching, reconsider: reconsider && again };
  }
}
