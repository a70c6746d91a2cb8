import type { SimServer } from '../engine/server.js';
import type { Route } from '../http/router.js';
import { openAiEmbeddingsRoute } from './embeddings.route.js';
import { inferenceRoute } from './inference.route.js';
import { listModelsRoute, retrieveModelRoute } from './models.route.js';
import { refuse } from './openai-error.js';

const NO_FORM = "failed to parse multipart form: request Content-Type isn't multipart/form-data";

/** The routes in other vendors' dialects. */
export function v1Routes(server: SimServer): Route[] {
  return [
    { method: 'POST', path: '/v1/chat/completions', handle: inferenceRoute(server, 'chat') },
    { method: 'POST', path: '/v1/completions', handle: inferenceRoute(server, 'completions') },
    { method: 'POST', path: '/v1/embeddings', handle: openAiEmbeddingsRoute(server) },
    { method: 'GET', path: '/v1/models', handle: listModelsRoute(server) },
    { method: 'GET', path: '/v1/models/:model', handle: retrieveModelRoute(server) },
    { method: 'POST', path: '/v1/responses', handle: inferenceRoute(server, 'responses') },
    { method: 'POST', path: '/v1/messages', handle: inferenceRoute(server, 'messages') },
    // No model here hears anything, so every recording is refused like one that is no form.
    { method: 'POST', path: '/v1/audio/transcriptions', handle: ({ res }) => refuse(res, 400, NO_FORM) },
  ];
}
