import { finite, isObject, list, text, type JsonObject } from '../json-field.js';

/** A model that a server in OpenAI's dialect lists. Null where the server does not say. */
export interface ListedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  /** The window that each request has, tokens. */
  readonly window: number | null;
  readonly trainedContext: number | null;
  readonly weightsBytes: number | null;
}

/** Reads an answer of `GET /v1/models`; null for what is none. */
export function parseModelList(json: unknown): readonly ListedModel[] | null {
  if (!isObject(json) || !Array.isArray(json['data'])) return null;
  return json['data'].filter(isObject).map((model) => {
    const meta = isObject(model['meta']) ? model['meta'] : {};
    return {
      id: text(model['id']),
      aliases: list(model['aliases']).filter((alias): alias is string => typeof alias === 'string'),
      // llama-server's; vLLM's; what others call it.
      window: positive(meta['n_ctx']) ?? positive(model['max_model_len']) ?? positive(model['context_length']),
      trainedContext: positive(meta['n_ctx_train']),
      weightsBytes: positive(meta['size']),
    };
  });
}

/** The window of each slot as llama-server's `GET /props` tells it, tokens; null for what is no such answer. */
export function parsePropsWindow(json: unknown): number | null {
  const settings = isObject(json) ? json['default_generation_settings'] : null;
  // A router in front of several servers says 0.
  return isObject(settings) ? positive((settings as JsonObject)['n_ctx']) : null;
}

function positive(value: unknown): number | null {
  const number = finite(value);
  return number !== null && number > 0 ? number : null;
}
