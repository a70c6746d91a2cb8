import { parseModelName } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { sendJsonLine } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { showModel } from '../native/models.route.js';
import { translateError } from './openai-error.js';

function listed(id: string, modifiedAtMs: number): object {
  const owner = parseModelName(id)?.namespace ?? '';
  return { id, object: 'model', created: Math.floor(modifiedAtMs / 1000), owned_by: owner };
}

/** GET /v1/models */
export function listModelsRoute(server: SimServer): Handler {
  return ({ res }) => {
    const data = server.store.list().map((model) => listed(model.name, model.modifiedAtMs));
    return sendJsonLine(res, 200, { object: 'list', data });
  };
}

/** GET /v1/models/:model */
export function retrieveModelRoute(server: SimServer): Handler {
  return ({ res, parameter }) => {
    const shown = showModel(server, parameter, false);
    if (shown.kind === 'fault') return translateError(res, shown.status, shown.message);
    return sendJsonLine(res, 200, listed(parameter, shown.modifiedAtMs));
  };
}
