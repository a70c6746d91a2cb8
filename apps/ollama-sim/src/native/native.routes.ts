import type { SimServer } from '../engine/server.js';
import type { Route } from '../http/router.js';
import { chatRoute } from './chat.route.js';
import { createRoute, hasBlobRoute, pullRoute, pushRoute, putBlobRoute } from './create.route.js';
import { embedRoute, embeddingsRoute } from './embed.route.js';
import { generalRoutes } from './general.route.js';
import { generateRoute } from './generate.route.js';
import { copyRoute, deleteRoute, psRoute, showRoute, tagsRoute } from './models.route.js';

/** Ollama's own routes. */
export function nativeRoutes(server: SimServer): Route[] {
  return [
    ...generalRoutes(server),
    { method: 'POST', path: '/api/pull', handle: pullRoute(server) },
    { method: 'POST', path: '/api/push', handle: pushRoute(server) },
    { method: 'HEAD', path: '/api/tags', handle: tagsRoute(server) },
    { method: 'GET', path: '/api/tags', handle: tagsRoute(server) },
    { method: 'POST', path: '/api/show', handle: showRoute(server) },
    { method: 'DELETE', path: '/api/delete', handle: deleteRoute(server) },
    { method: 'POST', path: '/api/create', handle: createRoute(server) },
    { method: 'POST', path: '/api/blobs/:digest', handle: putBlobRoute(server) },
    { method: 'HEAD', path: '/api/blobs/:digest', handle: hasBlobRoute(server) },
    { method: 'POST', path: '/api/copy', handle: copyRoute(server) },
    { method: 'GET', path: '/api/ps', handle: psRoute(server) },
    { method: 'POST', path: '/api/generate', handle: generateRoute(server) },
    { method: 'POST', path: '/api/chat', handle: chatRoute(server) },
    { method: 'POST', path: '/api/embed', handle: embedRoute(server) },
    { method: 'POST', path: '/api/embeddings', handle: embeddingsRoute(server) },
  ];
}
