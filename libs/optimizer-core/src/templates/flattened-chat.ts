import type { PromptSegment } from '../request.js';

type Role = PromptSegment['role'];

const ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  user: 'user',
  human: 'user',
  inst: 'user',
  assistant: 'assistant',
  model: 'assistant',
  ai: 'assistant',
  tool: 'tool',
};

/** What stands before a message when a client lays a chat out as text: the usual chat templates, and names with a colon. */
const MARKER =
  /<\|(?:im_start|start_header_id)\|>(system|user|assistant|tool)(?:<\|end_header_id\|>)?\s*|<start_of_turn>(user|model)\s*|<\|(system|user|assistant)\|>\s*|\[(INST)\]\s*|^(System|User|Human|Assistant|AI):[ \t]*/gm;
/** And what stands behind it. */
const ENDS = ['<|im_end|>', '<|eot_id|>', '<|end|>', '<|endoftext|>', '<end_of_turn>', '</s>', '[/INST]'];
const [SYSTEM_FROM, SYSTEM_TO] = ['<<SYS>>', '<</SYS>>'];
const BEFORE_ALL = /^(?:\s|<s>|<\|begin_of_text\|>)*/;
/** Characters looked at: a message that is longer than this is the last one anyhow. */
const LOOKED_AT = 32_000;
/** Enough to see that a conversation has grown. */
const MOST = 16;

/**
 * The messages of a chat that its client has sent as one text; the segments as they are when it is none. What every
 * such text has in common is the layout's, and would make a template of all of them.
 */
export function unflatten(segments: readonly PromptSegment[]): readonly PromptSegment[] {
  const [only] = segments;
  if (only === undefined || segments.length > 1 || only.role === 'system') return segments;
  const { text } = only;
  const looked = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
  const start = BEFORE_ALL.exec(looked)![0].length;
  MARKER.lastIndex = start;
  let marker = MARKER.exec(looked);
  if (marker === null || marker.index !== start) return segments;
  const messages: PromptSegment[] = [];
  for (let markers = 1; marker !== null; markers++) {
    const name = marker.slice(1).find((one) => one !== undefined)!;
    const from = marker.index + marker[0].length;
    const next = markers < MOST ? MARKER.exec(looked) : null;
    messages.push(...messagesIn(ROLES[name.toLowerCase()]!, text.slice(from, next?.index ?? text.length)));
    marker = next;
  }
  return messages;
}

function messagesIn(role: Role, body: string): readonly PromptSegment[] {
  const text = withoutEnds(body);
  const to = role === 'user' && text.startsWith(SYSTEM_FROM) ? text.slice(0, LOOKED_AT).indexOf(SYSTEM_TO) : -1;
  if (to >= 0) {
    const system = text.slice(SYSTEM_FROM.length, to).trim();
    return [
      { role: 'system', text: system },
      { role, text: text.slice(to + SYSTEM_TO.length).trimStart() },
    ];
  }
  return text === '' ? [] : [{ role, text }];
}

/** No pattern with a repetition: what clients send would make it try every run of blanks from every place. */
function withoutEnds(body: string): string {
  let text = body.trimEnd();
  for (let ends = 0; ends < MOST; ends++) {
    const end = ENDS.find((one) => text.endsWith(one));
    if (end === undefined) break;
    text = text.slice(0, -end.length).trimEnd();
  }
  return text;
}
