import { Logger } from '@nestjs/common';
import type { AgentContext, AgentResponse, BaseAgent } from './base-agent.js';

export interface AgentOptions {
  /** Names of agents that are not asked. @default [] */
  readonly disabled?: readonly string[];
  /** The longest that one agent may take over one request, and over its end, milliseconds. @default 250 */
  readonly timeoutMs?: number;
}

/** What an agent did since the start. */
export interface AgentCount {
  readonly name: string;
  readonly handled: number;
  /** It threw or rejected, and was skipped. */
  readonly failed: number;
  /** It took too long, and was skipped. */
  readonly late: number;
}

type Counts = { -readonly [K in keyof AgentCount]: AgentCount[K] };

/** Agents in their order. One that fails or takes too long is skipped as if it had not been there, and counted. */
export class AgentChain {
  readonly #logger = new Logger('RightsizeAgents');
  readonly #timeoutMs: number;
  readonly #disabled: ReadonlySet<string>;
  readonly #counts = new Map<string, Counts>();
  #agents: readonly BaseAgent[] = [];

  constructor({ disabled = [], timeoutMs = 250 }: AgentOptions = {}) {
    this.#disabled = new Set(disabled);
    this.#timeoutMs = timeoutMs;
  }

  /** Those who are asked, in the order in which they are. */
  get agents(): readonly BaseAgent[] {
    return this.#agents;
  }

  get counts(): readonly AgentCount[] {
    return [...this.#counts.values()];
  }

  register(agent: BaseAgent): void {
    if (this.#disabled.has(agent.name)) return;
    if (this.#counts.has(agent.name)) throw new Error(`there are two agents with the name "${agent.name}"`);
    this.#counts.set(agent.name, { name: agent.name, handled: 0, failed: 0, late: 0 });
    this.#agents = [...this.#agents, agent].toSorted((one, other) => other.priority - one.priority);
  }

  /** Runs them over a request, which is changed. Resolves with those who handled it. Never rejects. */
  async request(context: AgentContext): Promise<readonly BaseAgent[]> {
    const handling: BaseAgent[] = [];
    for (const agent of this.#agents) {
      // Of its own until it has done: what comes too late must not change what is on its way.
      const draft = { ...context };
      const done = await this.#bounded(agent, async () => {
        if (!agent.canHandle(draft)) return false;
        await agent.onRequest(draft);
        return true;
      });
      if (done !== true) continue;
      this.#counts.get(agent.name)!.handled += 1;
      handling.push(agent);
      const { body, headers, reply, optimized } = draft;
      Object.assign(context, { body, headers, reply, optimized });
      if (reply !== null) break;
    }
    return handling;
  }

  chunk(agents: readonly BaseAgent[], chunk: Buffer, context: AgentContext): void {
    for (const agent of agents) {
      try {
        agent.onChunk(chunk, context);
      } catch (error) {
        this.#failed(agent, error);
      }
    }
  }

  async response(agents: readonly BaseAgent[], context: AgentContext, response: AgentResponse): Promise<void> {
    for (const agent of agents) await this.#bounded(agent, async () => agent.onResponse(context, response));
  }

  /** Null: it has failed or is late. */
  async #bounded<T>(agent: BaseAgent, work: () => Promise<T>): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs, 'late');
    });
    try {
      const done = await Promise.race([work().then((value) => ({ value })), limit]);
      if (done !== 'late') return done.value;
      this.#counts.get(agent.name)!.late += 1;
      this.#logger.warn(`${agent.name} took more than ${this.#timeoutMs} ms and was skipped`);
    } catch (error) {
      this.#failed(agent, error);
    } finally {
      clearTimeout(timer);
    }
    return null;
  }

  #failed(agent: BaseAgent, error: unknown): void {
    this.#counts.get(agent.name)!.failed += 1;
    this.#logger.warn(`${agent.name} failed and was skipped: ${String(error)}`);
  }
}
