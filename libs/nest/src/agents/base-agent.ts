import type { Optimized, OptimizeInput } from '@rightsize/optimizer';

/** One request on its way through the agents. What an agent sets counts once it has done its work, in time. */
export interface AgentContext {
  readonly route: OptimizeInput['route'];
  /** In whose words the body is: what came on a `/v1` route is translated before agents see it, unless the server speaks it. */
  readonly dialect: NonNullable<OptimizeInput['dialect']>;
  readonly client: string | null;
  /** Its client asked to be left alone with `x-rightsize: off`. */
  readonly skip: boolean;
  readonly signal: AbortSignal | null;
  /** What will be sent, in the server's own dialect. */
  body: Buffer;
  /** Added to the headers of the answer. */
  headers: Readonly<Record<string, string>>;
  /** Unless null, the answer: nothing is sent to the server, and no agent after this one is asked. */
  reply: string | null;
  /** What was decided about it; null before the `OptimizerAgent` or where it does not. */
  optimized: Optimized | null;
  /** Yours, from the request to the end of its answer. */
  readonly notes: Map<unknown, unknown>;
}

/** How an exchange ended. */
export interface AgentResponse {
  /** HTTP status of the last answer; 0 when none came. */
  readonly status: number;
  readonly end: 'complete' | 'client-aborted' | 'upstream-failed';
}

/** Works on the requests that pass through the proxy, and looks at their answers. */
export abstract class BaseAgent {
  /** For settings and counts. */
  abstract readonly name: string;
  /** Who has more goes first. The `OptimizerAgent`, which decides about what the others made of a request, has -1000. */
  readonly priority: number = 0;

  /** Whether it wants to see this request and its answer. */
  canHandle(_context: AgentContext): boolean {
    return true;
  }

  /** Before the request is sent: may change `body` and `headers`, or answer it with `reply`. */
  onRequest(_context: AgentContext): Promise<void> | void {}

  /** Is shown each part of the answer as it goes by; it cannot be changed, and must not be held up. */
  onChunk(_chunk: Buffer, _context: AgentContext): void {}

  /** After the answer, on nobody's time. */
  onResponse(_context: AgentContext, _response: AgentResponse): Promise<void> | void {}
}
