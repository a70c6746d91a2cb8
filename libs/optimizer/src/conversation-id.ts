import type { InferenceRequest } from '@rightsize/optimizer-core';
import { keyedDigest } from './keyed-digest.js';

/** Openings are told apart by this much of each message, characters: a longer one costs no more. */
const READ = 4_096;

/**
 * A keyed name for the conversation a chat belongs to: the same for all its turns, because they share
 * the system prompt and the first user message. Null for what is no chat. 16 hexadecimal digits.
 */
export function conversationId({ route, segments, model }: InferenceRequest, secret: string): string | null {
  const first = segments.findIndex(({ role }) => role === 'user');
  if (route !== 'chat' || first < 0) return null;
  let opening = model;
  for (const { role, text } of segments.slice(0, first + 1)) opening += `\0${role}\0${text.slice(0, READ)}`;
  return keyedDigest(secret, opening).slice(0, 16);
}
