import type { SimServer } from '../engine/server.js';
import type { Route } from '../http/router.js';
import { chatCompletionsRoute } from './chat-completions.route.js';
import { completionsRoute } from './completions.route.js';
import { openAiEmbeddingsRoute } from './embeddings.route.js';
import { messagesRoute } from './messages.route.js';
import { listModelsRoute, retrieveModelRoute } from './models.route.js';
import { refuse } from './openai-error.js';
import { responsesRoute } from './responses.route.js';

const NO_FORM = "failed to parse multipart form: request Content-Type isn't multipart/form-data";

/** The routes in other vendors' dialects. */
export function v1Routes(server: SimServer): Route[] {
  return [
    { method: 'POST', path: '/v1/chat/completions', handle: chatCompletionsRoute(server) },
    { method: 'POST', path: '/v1/completions', handle: completionsRoute(server) },
    { method: 'POST', path: '/v1/embeddings', handle: openAiEmbeddingsRoute(server) },
    { method: 'GET', path: '/v1/models', handle: listModelsRoute(server) },
    { method: 'GET', path: '/v1/models/:model', handle: retrieveModelRoute(server) },
    { method: 'POST', path: '/v1/responses', handle: responsesRoute(server) },
    { method: 'POST', path: '/v1/messages', handle: messagesRoute(server) },
    // No model here hears anything, so every recording is refused like one that is no form.
    { method: 'POST', path: '/v1/audio/transcriptions', handle: ({ res }) => refuse(res, 400, NO_FORM) },
  ];
}
