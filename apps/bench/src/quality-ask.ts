import type { Prompt } from './quality-prompts.js';

/** How every answer is bounded and made repeatable. */
export interface Sampling {
  readonly model: string;
  /** Tokens of an answer. */
  readonly limit: number;
  readonly seed: number;
}

export interface Heard {
  readonly text: string;
  /** As the server counts it: after a cut, what was left. Zero when it was refused. */
  readonly promptTokens: number;
  /** What the server said instead of an answer. */
  readonly refusal: string | null;
}

interface Piece {
  readonly message?: { readonly content?: string; readonly thinking?: string };
  readonly response?: string;
  readonly thinking?: string;
  readonly prompt_eval_count?: number;
  readonly choices?: readonly { readonly message?: Said; readonly delta?: Said }[];
  readonly usage?: { readonly prompt_tokens: number } | null;
  readonly error?: unknown;
}

interface Said {
  readonly content?: string;
  readonly reasoning?: string;
}

function bodyOf({ path, stream, body }: Prompt, { model, limit, seed }: Sampling, numCtx: number | null): object {
  if (path.startsWith('/v1')) {
    const usage = stream ? { stream_options: { include_usage: true } } : {};
    return { model, stream, ...usage, temperature: 0, top_p: 1, seed, max_tokens: limit, ...body };
  }
  const options = { temperature: 0, top_p: 1, seed, num_predict: limit, ...(numCtx !== null && { num_ctx: numCtx }) };
  return { model, stream, ...body, options };
}

/** The same conversation for the native route, which alone takes a window. */
function natively(prompt: Prompt): Prompt {
  return prompt.path === '/v1/chat/completions' ? { ...prompt, path: '/api/chat' } : prompt;
}

function piecesOf(text: string): Piece[] {
  const lines = text.split('\n').map((line) => line.replace(/^data: /, ''));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Piece);
}

function textOf({ message, response, thinking, choices }: Piece): string {
  const said = choices?.[0]?.message ?? choices?.[0]?.delta;
  return [message?.thinking, thinking, said?.reasoning, message?.content, response, said?.content].join('');
}

/** Asks and joins the answer's pieces; with a window, on the native route. */
export async function ask(url: string, prompt: Prompt, sampling: Sampling, numCtx: number | null): Promise<Heard> {
  const asked = numCtx === null ? prompt : natively(prompt);
  const body = JSON.stringify(bodyOf(asked, sampling, numCtx));
  const response = await fetch(url + asked.path, { method: 'POST', body });
  const text = await response.text();
  const pieces = response.ok ? piecesOf(text) : [];
  const failed = pieces.find((piece) => piece.error !== undefined);
  if (!response.ok || failed) return { text: '', promptTokens: 0, refusal: failed ? JSON.stringify(failed) : text };
  const counts = pieces.map((piece) => piece.prompt_eval_count ?? piece.usage?.prompt_tokens ?? 0);
  return { text: pieces.map(textOf).join(''), promptTokens: Math.max(0, ...counts), refusal: null };
}
