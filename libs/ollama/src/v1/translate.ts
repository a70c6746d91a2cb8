import { translateChat } from './chat-request.js';
import { translateCompletion } from './completion-request.js';
import { translateMessages } from './messages-request.js';
import { translateResponses } from './responses-request.js';
import type { Translation } from './translation.js';
import { readV1Body } from './v1-body.js';
import type { V1Route } from './v1-route.js';

/** A request of a `/v1` route as the native route takes it, or why not. Never throws. */
export function translateV1(route: V1Route, body: Buffer): Translation {
  const read = readV1Body(body);
  if (read === null) return { kind: 'refused', message: 'unreadable' };
  switch (route) {
    case 'chat':
      return translateChat(read);
    case 'completions':
      return translateCompletion(read);
    case 'messages':
      return translateMessages(read);
    case 'responses':
      return translateResponses(read);
  }
}
