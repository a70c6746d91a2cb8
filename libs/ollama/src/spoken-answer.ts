import type { InferenceRoute } from '@rightsize/optimizer-core';

/** An answer that no model gave, as the server would have sent it. */
export interface SpokenAnswer {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A text as the answer to a body of `/api/chat` or `/api/generate`: streamed, unless the body asks for it whole. */
export function spokenAnswer(route: InferenceRoute, body: Buffer, text: string, at: Date): SpokenAnswer {
  const { model, stream } = JSON.parse(body.toString()) as { model: string; stream?: boolean };
  const head = { model, created_at: at.toISOString() };
  const part = (content: string): object =>
    route === 'chat' ? { message: { role: 'assistant', content } } : { response: content };
  const end = {
    done: true,
    done_reason: 'stop',
    total_duration: 0,
    load_duration: 0,
    prompt_eval_count: 0,
    eval_count: 0,
  };
  if (stream === false) {
    const whole = Buffer.from(JSON.stringify({ ...head, ...part(text), ...end }));
    return { contentType: 'application/json; charset=utf-8', body: whole };
  }
  const lines = [
    { ...head, ...part(text), done: false },
    { ...head, ...part(''), ...end },
  ];
  return {
    contentType: 'application/x-ndjson',
    body: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  };
}
