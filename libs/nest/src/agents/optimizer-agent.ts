import { readSlashCommand } from '@rightsize/ollama';
import type { Optimized, OptimizeInput, RightsizeDoor } from '@rightsize/optimizer';
import { explainInWords, statusInWords } from './in-words.js';
import type { AgentContext } from './base-agent.js';

/**
 * Which requests are optimized: `always` all of them, `slash` those that ask for it with `/opt`, `off` none, and
 * commands are text like any other.
 */
export type OptimizerMode = 'always' | 'slash' | 'off';

/**
 * The built-in agent, last of all: decides what the server is sent, and follows what users write into their last message.
 * It is no part of the chain that bounds the others in time: a request may be held for a minute while its model's window changes.
 */
export class OptimizerAgent {
  readonly name = 'optimizer';
  readonly mode: OptimizerMode;
  readonly #door: RightsizeDoor;

  constructor(door: RightsizeDoor, mode: OptimizerMode) {
    this.#door = door;
    this.mode = mode;
  }

  /** Whether there is anything about this body beyond sizing it. */
  canHandle({ body, dialect }: OptimizeInput): boolean {
    return dialect !== 'openai' && (this.mode !== 'always' || body.includes('/opt'));
  }

  async onRequest(context: AgentContext, input: OptimizeInput): Promise<void> {
    // Nothing is sized where windows are fixed: there is nothing to ask for.
    if (input.dialect === 'openai') return void (context.optimized = await this.#door.optimize(input));
    const command = this.mode === 'off' ? null : readSlashCommand(context.route, context.body);
    if (command) context.body = command.body;
    const name = command?.name ?? null;
    const isAlone = command?.isAlone ?? false;
    if (name === 'status') return void (context.reply = statusInWords(this.#door));
    if (name === 'explain' && isAlone) return void (context.reply = explainInWords(this.#door, context.client));
    const isLeft = name === 'off' || this.mode === 'off' || (this.mode === 'slash' && name === null);
    const optimized = await this.#door.optimize({
      ...input,
      body: context.body,
      skip: input.skip || isLeft,
      ...(name === 'optimize' || name === 'explain' ? { force: true } : {}),
    });
    context.optimized = optimized;
    if (name === 'explain') context.headers = { ...context.headers, 'x-rightsize-explain': explained(optimized) };
  }
}

function explained({ decision, headers }: Optimized): string {
  if (!decision) return headers['x-rightsize-rule'] ?? 'undecided';
  const { need, promptBound, outputBound, outputSource, loadedWindow } = decision.inputs;
  const rejected = decision.rejected.map(({ numCtx, reason }) => `not ${numCtx} (${reason})`);
  return [
    `${decision.rule} ${decision.numCtx ?? ''}`.trim(),
    `need ${Math.round(need)} = prompt up to ${Math.round(promptBound)} and answer up to ${Math.round(outputBound)} (${outputSource})`,
    `loaded ${loadedWindow ?? 'nothing'}`,
    ...rejected,
  ]
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?');
}
