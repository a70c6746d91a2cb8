/** An answer without what differs between two that are equal: ids and times. */
export interface NormalAnswer {
  readonly status: number;
  readonly type: string;
  /** Events of a stream, or the one body. */
  readonly parts: readonly unknown[];
}

const IDS = /^(?:chatcmpl-|cmpl-|msg_|resp_|rs_|fc_|call_|req_|toolu_)[\w-]+$/;
const TIMES: ReadonlySet<string> = new Set(['created', 'created_at', 'completed_at']);

export async function askOnce(
  url: string,
  path: string,
  body: string,
): Promise<NormalAnswer & { readonly route: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body });
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  const route = [response.headers.get('x-rightsize-route'), response.headers.get('x-rightsize-route-reason')];
  return { ...normalAnswer(response.status, type, text), route: route.filter(Boolean).join(' ') };
}

export function normalAnswer(status: number, type: string, text: string): NormalAnswer {
  return { status, type, parts: type.startsWith('text/event-stream') ? events(text) : [normal(parsed(text))] };
}

function events(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const event = /^event: (.*)$/m.exec(block)?.[1] ?? null;
      const data = /^data: (.*)$/m.exec(block)?.[1] ?? block;
      return { event, data: normal(parsed(data)) };
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function normal(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return IDS.test(value) ? value.replace(/[-_].*/s, '-ID') : value;
  if (typeof value === 'number' && TIMES.has(key)) return 'TIME';
  // Equal to what single precision can tell apart, and to how batches of different sizes add up.
  if (key === 'logprob' && typeof value === 'number') return Math.round(value * 100) / 100;
  if (Array.isArray(value)) return value.map((item) => normal(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, normal(item, name)]),
  );
}

/** The text of a stream, put together: what was said, thought and called. */
export function joined(answer: NormalAnswer): string {
  const found: string[] = [];
  const visit = (value: unknown, key: string): void => {
    if (
      typeof value === 'string' &&
      ['content', 'reasoning', 'text', 'thinking', 'delta', 'partial_json', 'arguments'].includes(key)
    ) {
      found.push(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) visit(item, name);
    }
  };
  visit(answer.parts, '');
  return found.join('');
}
