import type { InferenceRoute } from '@rightsize/optimizer-core';
import { keyOf, splice } from './json-edit.js';
import { scanArray, scanObject, skipSpace, type Member } from './json-scan.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;

/** At the very beginning of a message, and a word of its own: `/opt/bin` and `/optimal` are none. */
const COMMAND = /^[ \t\r\n]*\/opt(?:[ \t]+(off|status|explain)(?=[ \t\r\n]|$))?(?:[ \t\r\n]+|$)/;

export type SlashName = 'optimize' | 'off' | 'status' | 'explain';

export interface SlashCommand {
  /** Of the last message of the user; null: it has none, earlier ones have. */
  readonly name: SlashName | null;
  /** The body without commands, every other byte kept. */
  readonly body: Buffer;
  /** There is nothing beside the command to ask the model. */
  readonly isAlone: boolean;
}

/** The commands in a body of `/api/chat` or `/api/generate`; null where there are none. Most bodies are only searched for a word. */
export function readSlashCommand(route: InferenceRoute, body: Buffer): SlashCommand | null {
  if (!body.includes('/opt')) return null;
  let edited = body;
  let last: { readonly name: SlashName | null; readonly isAlone: boolean } | null = null;
  // From the last to the first: what is cut out of one moves none of those before it.
  for (const { valueStart, valueEnd } of userTexts(route, body).toReversed()) {
    const text = JSON.parse(body.toString('utf8', valueStart, valueEnd)) as string;
    const found = COMMAND.exec(text);
    const name = found && ((found[1] ?? 'optimize') as SlashName);
    last ??= { name, isAlone: found !== null && found[0].length === text.length };
    if (found) edited = splice(edited, valueStart + 1, after(body, valueStart + 1, found[0].length), '');
  }
  return last === null || edited === body ? null : { ...last, body: edited };
}

type Value = Pick<Member, 'valueStart' | 'valueEnd'>;

/** The strings that a user wrote, by their offsets, in order. */
function userTexts(route: InferenceRoute, body: Buffer): readonly Value[] {
  const start = skipSpace(body, 0);
  if (route === 'generate') return textOf(body, start, 'prompt');
  const messages = valueOf(body, start, 'messages');
  if (messages === null) return [];
  return (scanArray(body, messages.valueStart) ?? []).flatMap((item) => {
    const role = valueOf(body, item.start, 'role');
    const isUser = role !== null && body.toString('latin1', role.valueStart, role.valueEnd) === '"user"';
    return isUser ? textOf(body, item.start, 'content') : [];
  });
}

function textOf(body: Buffer, object: number, name: string): readonly Value[] {
  const value = valueOf(body, object, name);
  return value !== null && body[value.valueStart] === QUOTE ? [value] : [];
}

function valueOf(body: Buffer, object: number, name: string): Value | null {
  const members = scanObject(body, object)?.members ?? [];
  return members.findLast((member) => keyOf(body, member, name.length) === name) ?? null;
}

/** The offset after so many characters of a string, each ASCII and maybe escaped. */
function after(body: Buffer, from: number, characters: number): number {
  let at = from;
  for (let passed = 0; passed < characters; passed += 1) {
    if (body[at] !== BACKSLASH) at += 1;
    else at += body[at + 1] === SMALL_U ? 6 : 2;
  }
  return at;
}
