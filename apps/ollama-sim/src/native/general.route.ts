import type { SimServer } from '../engine/server.js';
import { begin, sendError, sendJson } from '../http/reply.js';
import type { Handler, Route } from '../http/router.js';

const running: Handler = ({ res }) => {
  const body = 'Ollama is running';
  begin(res, 200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(body.length) });
  res.end(body);
};

/** Everything that is no model's business. Nothing here has an account or reaches the network. */
export function generalRoutes(server: SimServer): Route[] {
  const version: Handler = ({ res }) => sendJson(res, 200, { version: server.version });
  return [
    { method: 'HEAD', path: '/', handle: running },
    { method: 'GET', path: '/', handle: running },
    { method: 'HEAD', path: '/api/version', handle: version },
    { method: 'GET', path: '/api/version', handle: version },
    {
      method: 'GET',
      path: '/api/status',
      handle: ({ res }) => sendJson(res, 200, { cloud: { disabled: false, source: 'none' } }),
    },
    { method: 'POST', path: '/api/me', handle: ({ res }) => sendError(res, 503, 'account unavailable') },
    {
      method: 'POST',
      path: '/api/signout',
      handle: ({ res }) => sendError(res, 500, 'there was an error signing out'),
    },
  ];
}
