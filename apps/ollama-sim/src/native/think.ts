import { hasCapability, type ModelCard } from '@rightsize/ollama-model';

export type Think = boolean | string | null;

export type ThinkResult =
  { readonly ok: true; readonly thinks: boolean } | { readonly ok: false; readonly message: string };

const LEVELS = ['low', 'medium', 'high', 'max'];

/** `think` of a request: absent, true, false, or a level. */
export function parseThink(value: unknown): Think {
  return typeof value === 'boolean' || typeof value === 'string' ? value : null;
}

/** Models that can think do so unless told not to; others refuse to be asked. `relaxed` ignores that instead. */
export function resolveThink(model: ModelCard, name: string, think: Think, relaxed: boolean): ThinkResult {
  if (typeof think === 'string' && !LEVELS.includes(think)) {
    const words = `invalid think value: ${JSON.stringify(think)} (must be "high", "medium", "low", "max", true, or false)`;
    return { ok: false, message: words };
  }
  if (hasCapability(model, 'thinking')) return { ok: true, thinks: think !== false };
  const asked = think !== null && think !== false;
  if (asked && !relaxed) return { ok: false, message: `${JSON.stringify(name)} does not support thinking` };
  return { ok: true, thinks: false };
}
