/** The two native routes whose bodies can carry runner options. */
export type InferenceRoute = 'chat' | 'generate';

/** A piece of prompt text and the part it plays in the model's chat template. */
export interface PromptSegment {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | 'prompt' | 'suffix';
  readonly text: string;
}

/**
 * An inference request, parsed once at the edge and free of the wire's dialect. It holds prompt
 * text, so it must never be stored, logged or put into an event: {@link RequestFeatures} may.
 */
export interface InferenceRequest {
  readonly route: InferenceRoute;
  /** Model name as sent. */
  readonly model: string;
  /** Texts in the order in which a chat template renders them. */
  readonly segments: readonly PromptSegment[];
  /** The tool schemas as JSON text; empty when there are none. */
  readonly tools: string;
  readonly imageCount: number;
  /** Tokens the client allows for the answer; null when it names no limit (absent, or not positive). */
  readonly numPredict: number | null;
  /** `options.num_ctx` as a positive whole number of tokens; null when absent or unusable. */
  readonly numCtx: number | null;
  readonly stream: boolean;
  /** No prompt and no messages: only loads the model. */
  readonly preload: boolean;
  /** A preload with `keep_alive` of zero: unloads the model, and must not be given options. */
  readonly unload: boolean;
  /** Thinking was asked for; null when the request does not say. */
  readonly think: boolean | null;
  /** Tokens of an earlier conversation handed back as `context` (generate only), beside the segments. */
  readonly contextTokens?: number;
  /**
   * Runner-fixed options other than `num_ctx` that the client sent, in canonical spelling, empty when
   * none: another value reloads the model whatever window is asked for.
   */
  readonly fixedOptions?: string;
  /** Whether a prompt that does not fit may be cut; null when the client does not say, which means that it may. */
  readonly truncate?: boolean | null;
}

/** What may be kept of a request: sizes and keyed fingerprints, never text. */
export interface RequestFeatures {
  readonly route: InferenceRoute;
  readonly model: string;
  /** UTF-8 bytes of all segments, tools excluded. */
  readonly textBytes: number;
  /** Characters of scripts without spaces and pictographs (beyond the basic plane: three each). */
  readonly wideChars: number;
  /** Letters beyond ASCII of alphabets: accented Latin, Greek, Cyrillic, Arabic, the scripts of India. */
  readonly alphabetChars: number;
  readonly digitChars: number;
  /** Words, groups of digits and symbols, runs of white space: what tokenizers never merge across. */
  readonly pieces: number;
  /** Letters beyond the sixth of each word, three-fold beyond the tenth: long words take several tokens. */
  readonly excessLetters: number;
  /** Characters in runs of more than 32 without white space: base64, keys, minified code. */
  readonly opaqueChars: number;
  readonly systemBytes: number;
  readonly toolBytes: number;
  /** The pieces of the tool schemas, which are not in `pieces`. */
  readonly toolPieces: number;
  readonly messageCount: number;
  /** Tokens of an earlier conversation that the client hands back as such. */
  readonly contextTokens: number;
  readonly imageCount: number;
  readonly numPredict: number | null;
  /** The client's own `num_ctx`, tokens. */
  readonly numCtx: number | null;
  readonly stream: boolean;
  readonly preload: boolean;
  readonly unload: boolean;
  readonly think: boolean | null;
  /**
   * Fingerprints of a chat as it is and of its last few earlier states, latest first, made of sizes alone:
   * what an earlier turn counted need not be estimated again. Absent in events of old.
   */
  readonly turns?: readonly string[];
  /** Keyed SimHash of the leading tokens at each resolution that the prompt is long enough for. */
  readonly fingerprints: readonly Fingerprint[];
}

/** A 64-bit SimHash of the first `tokens` tokens, keyed by the installation's secret. */
export interface Fingerprint {
  /** Resolution: how many leading tokens are hashed. */
  readonly tokens: number;
  /** 16 lower-case hexadecimal digits. */
  readonly hash: string;
}
