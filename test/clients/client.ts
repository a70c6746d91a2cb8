/** What is asked of a client; the sampling is always greedy. */
export interface Question {
  readonly prompt: string;
  /** Tokens of the answer at most. */
  readonly limit?: number;
  readonly tool?: Tool;
  /** The answer is JSON of this schema. */
  readonly schema?: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>> & { readonly type: 'object' };

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

export interface Call {
  readonly name: string;
  readonly arguments: unknown;
}

/** What a client made of an answer, ids and times left out. */
export interface Said {
  readonly text: string;
  readonly calls: readonly Call[];
  /** Tokens of the prompt, those out of the cache included; null when the client does not tell. */
  readonly promptTokens: number | null;
}

/** A whole answer, which the conversation can go on from. */
export interface Answer extends Said {
  /** Hands the result of the first call back and asks for the answer to it. */
  readonly resume: ((result: string) => Promise<Said>) | null;
}

/** A client of a server at an address, as its users write it. */
export interface Talk {
  ask(question: Question): Promise<Answer>;
  /** Ends when the answer does or the signal, with an error or without; `piece` is called at every piece. */
  stream(question: Question, signal: AbortSignal, piece: () => void): Promise<Said>;
}

/** One way to use a package; a small file each. */
export interface Client {
  readonly name: string;
  /** What its API has no words for, or what it cannot do. */
  readonly lacks: readonly ('tools' | 'results' | 'json' | 'counts' | 'leaving')[];
  connect(url: string, model: string): Talk;
}

/** Nothing more to call, or nothing that could go back. */
export function said(text: string, calls: readonly Call[] = [], promptTokens: number | null = null): Answer {
  return { text, calls, promptTokens, resume: null };
}
