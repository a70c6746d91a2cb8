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
const END = /(?:\s|<\|(?:im_end|eot_id|end|endoftext)\|>|<end_of_turn>|<\/s>|\[\/INST\])+$/;
const SYSTEM_IN_USER = /^<<SYS>>\s*([^]*?)\s*<<\/SYS>>\s*/;
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
  const start = BEFORE_ALL.exec(text)![0].length;
  const looked = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
  MARKER.lastIndex = start;
  let marker = MARKER.exec(looked);
  if (marker === null || marker.index !== start) return segments;
  const messages: PromptSegment[] = [];
  while (marker !== null) {
    const role =
      ROLES[
        marker
          .slice(1)
          .find((name) => name !== undefined)!
          .toLowerCase()
      ]!;
    const from = marker.index + marker[0].length;
    const next = messages.length >= MOST - 1 ? null : MARKER.exec(looked);
    messages.push(...messagesIn(role, text.slice(from, next?.index ?? text.length)));
    marker = messages.length < MOST ? next : null;
  }
  return messages;
}

function messagesIn(role: Role, body: string): readonly PromptSegment[] {
  const text = body.length > LOOKED_AT ? body : body.replace(END, '');
  const system = role === 'user' ? SYSTEM_IN_USER.exec(text.slice(0, LOOKED_AT)) : null;
  if (system !== null)
    return [
      { role: 'system', text: system[1]! },
      { role, text: text.slice(system[0].length) },
    ];
  return text === '' ? [] : [{ role, text }];
}
