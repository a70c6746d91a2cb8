import type { ModelCard } from './models.js';
import type { ResolvedOptions } from './options.js';
import type { Prompt } from './prompt.js';
import type { TokenText } from './tokenizer.js';
import type { AnswerLength, FittedPrompt } from './truncation.js';

/** What a request wants done once its model is loaded. */
export type Work =
  | { readonly kind: 'load' }
  | {
      readonly kind: 'completion';
      readonly prompt: Prompt;
      /** What the model would say if nothing ended it. */
      readonly answer: TokenText;
    }
  | {
      readonly kind: 'embedding';
      /** Tokens of each text. */
      readonly inputs: readonly number[];
      readonly truncate: boolean | null;
    };

/** A request as the machine takes it. */
export interface Submission {
  readonly id: number;
  readonly model: ModelCard;
  readonly options: ResolvedOptions;
  /** Nanoseconds, Infinity for ever; null: the request does not say. */
  readonly keepAliveNs: number | null;
  readonly work: Work;
}

/** The numbers of a final chunk: nanoseconds and tokens. */
export interface FinalChunk {
  readonly doneReason: 'stop' | 'length' | 'load';
  readonly totalNs: number;
  readonly loadNs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly prefillNs: number;
  readonly outputTokens: number;
  readonly decodeNs: number;
  /** The window it ran in as `/api/ps` shows it, tokens. */
  readonly numCtx: number;
  /** The prompt as it was evaluated; null when there was none. */
  readonly prompt: FittedPrompt | null;
  readonly shifted: boolean;
}

export type Outcome =
  | { readonly kind: 'done'; readonly final: FinalChunk }
  | { readonly kind: 'error'; readonly status: number; readonly message: string }
  | { readonly kind: 'cancelled' };

/** The prompt is evaluated and the answer begins: token i (from 1) is there `i x nsPerToken` later. */
export interface Answering {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly length: AnswerLength;
  readonly nsPerToken: number;
  readonly tokens: TokenText;
}

export type MachineEvent =
  | { readonly type: 'answering'; readonly id: number; readonly atNs: number; readonly answering: Answering }
  | { readonly type: 'finished'; readonly id: number; readonly atNs: number; readonly outcome: Outcome };

/** The server's words when its queue is full; the two spaces are its own. */
export const QUEUE_FULL_MESSAGE = 'server busy, please try again.  maximum pending requests exceeded';

/** What a server says of a runner that found too little memory, seen on a 0.34.4: status 500, and nothing is loaded then. */
export function outOfMemoryMessage(bytes: number): string {
  return (
    `llama-server process has terminated: exit status 1: ` +
    `ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size ${bytes}\n` +
    `llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache`
  );
}
