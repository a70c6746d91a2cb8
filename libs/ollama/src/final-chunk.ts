import type { PromptRefusal } from './refusal.js';

/** What the final object of a native answer tells. Nanoseconds and tokens; null where the server did not say. */
export interface FinalChunk {
  /** stop, length, load or unload. */
  readonly doneReason: string | null;
  readonly totalNs: number | null;
  readonly loadNs: number | null;
  readonly promptEvalNs: number | null;
  readonly evalNs: number | null;
  readonly promptTokens: number | null;
  /** Those of the prompt tokens that were taken from the prefix cache; servers since 0.33.3 say. */
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
}

/** How an answer ended, as far as its bytes tell. */
export type TapEnding =
  | { readonly kind: 'final'; readonly chunk: FinalChunk }
  /** The server's error text. It can quote what the client sent: not for logs or events. */
  | {
      readonly kind: 'error';
      readonly message: string;
      /** It said that the prompt is longer than the window; absent or null: it did not, or not here. */
      readonly refusal?: PromptRefusal | null;
    }
  /** The bytes ended without either. */
  | { readonly kind: 'none' };

/** The top-level scalars of one object, as JSON text. */
export type Scalars = ReadonlyMap<string, string>;

/** The ending that an object means; null for one of the many in between. */
export function endingOf(scalars: Scalars): TapEnding | null {
  const error = scalars.get('error');
  if (error !== undefined) return { kind: 'error', message: unquoted(error) };
  if (scalars.get('done') !== 'true') return null;
  const reason = scalars.get('done_reason');
  return {
    kind: 'final',
    chunk: {
      doneReason: reason === undefined ? null : unquoted(reason),
      totalNs: count(scalars, 'total_duration'),
      loadNs: count(scalars, 'load_duration'),
      promptEvalNs: count(scalars, 'prompt_eval_duration'),
      evalNs: count(scalars, 'eval_duration'),
      promptTokens: count(scalars, 'prompt_eval_count'),
      cachedTokens: count(scalars, 'prompt_eval_cached_count'),
      outputTokens: count(scalars, 'eval_count'),
    },
  };
}

function count(scalars: Scalars, name: string): number | null {
  const value = Number(scalars.get(name) ?? 'absent');
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function unquoted(json: string): string {
  if (!json.startsWith('"')) return json;
  try {
    return JSON.parse(json) as string;
  } catch {
    return json.replaceAll('"', '');
  }
}
