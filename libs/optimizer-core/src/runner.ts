/** What is believed of the runner that serves a model right now. */
export interface RunnerView {
  /** Context window per slot in tokens, as `/api/ps` shows it: the value Ollama compares. */
  readonly window: number;
  /** `ps`: seen on the server. `decision`: a request of ours is loading or has loaded it. */
  readonly source: 'ps' | 'decision';
  /** Bytes of the model in memory and of those on the GPU, when the server said so. */
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** Milliseconds since the epoch at which it unloads by itself when nobody asks again; null: unknown. */
  readonly expiresAtMs: number | null;
}

/** Facts about a model out of `/api/show`; null where the server did not say. */
export interface ModelFacts {
  readonly model: string;
  /** Trained context in tokens: the server clamps every window to it. */
  readonly trainedContext: number | null;
  /** KV cache bytes per token of window: at f16 and for one slot, or as it is on this server (`factsHere`). */
  readonly kvBytesPerToken: number | null;
  /** Bytes of cache that do not grow with the window: layers that slide over a part of it. Absent: none known of. */
  readonly kvFixedBytes?: number;
  /** The largest window worth loading after larger ones failed, tokens: `trainedContext` is no more than this. */
  readonly loadLimit?: number | null;
  /** Bytes of the model's file: its weights, before anything is loaded. */
  readonly weightsBytes: number | null;
  /** `PARAMETER num_ctx` of its Modelfile, tokens. */
  readonly modelfileNumCtx: number | null;
  /** Runs elsewhere (`remote_host`, or a cloud name): its options are not ours to set. */
  readonly remote: boolean;
  readonly capabilities: readonly string[];
  /** Digest of the model's file: names that share it share a runner. Absent or null: not known. */
  readonly blob?: string | null;
  /** Its runner takes no options (MLX): there is nothing to set. */
  readonly takesNoOptions?: boolean;
  /** Its server was started with one window for all requests (llama-server, vLLM): none can have another. */
  readonly windowIsFixed?: boolean;
}

/** Whether a model has a window that a request can set: not one that runs elsewhere, without options, or answers nothing. */
export function isSizable({ remote, takesNoOptions, capabilities }: ModelFacts): boolean {
  const answers = capabilities.length === 0 || capabilities.includes('completion');
  return !remote && takesNoOptions !== true && answers;
}
