import { fullName, isCloudName, parseModelName, type ModelCard } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';

export type FoundModel =
  | { readonly kind: 'local' | 'remote'; readonly model: ModelCard }
  | { readonly kind: 'fault'; readonly status: number; readonly message: string };

/** How a route answers an empty name; each has its own words. */
export interface MissingName {
  readonly status: number;
  readonly message: string;
}

/** The reply to a remote model that this server does not have: nothing here reaches a registry. */
function unreachable(route: string): FoundModel {
  const seconds = Math.floor(Date.now() / 1000);
  const message = `Post "https://ollama.com:443${route}?ts=${seconds}": dial tcp: lookup ollama.com: no such host`;
  return { kind: 'fault', status: 502, message };
}

export function findModel(server: SimServer, name: string, route: string, missing: MissingName): FoundModel {
  if (name === '') return { kind: 'fault', ...missing };
  const parsed = parseModelName(name);
  if (parsed === null) return { kind: 'fault', status: 400, message: 'invalid model name' };
  const model = server.store.find(parsed);
  if (model !== null) return { kind: model.remote === null ? 'local' : 'remote', model };
  if (isCloudName(name)) return unreachable(route);
  return { kind: 'fault', status: 404, message: `model '${name}' not found` };
}

/** The long form of a model's name, as complaints about what it cannot do show it. */
export function longName(model: ModelCard): string {
  const parsed = parseModelName(model.name);
  return parsed === null ? model.name : fullName(parsed);
}
