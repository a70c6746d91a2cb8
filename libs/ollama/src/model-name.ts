const DEFAULT_HOST = 'registry.ollama.ai';
const DEFAULT_NAMESPACE = 'library';

/**
 * One spelling for every name the server takes for the same model, in the shortest form that
 * `/api/ps` shows, in lower case because the server finds models whatever the case: `Llama3`,
 * `llama3:latest` and `registry.ollama.ai/library/llama3` are all `llama3:latest`.
 */
export function normalizeModelName(name: string): string {
  let rest = name.trim().toLowerCase();
  let tag = 'latest';
  rest = rest.endsWith(':local') ? rest.slice(0, -':local'.length) : rest;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1) || 'latest';
    rest = rest.slice(0, colon);
  }
  rest = rest.replace(/^[a-z]+:\/\//, '');
  const parts = rest.split('/');
  const model = parts.pop() ?? '';
  const namespace = parts.pop() || DEFAULT_NAMESPACE;
  const host = parts.join('/') || DEFAULT_HOST;
  if (host !== DEFAULT_HOST) return `${host}/${namespace}/${model}:${tag}`;
  return namespace === DEFAULT_NAMESPACE ? `${model}:${tag}` : `${namespace}/${model}:${tag}`;
}

/** Whether the name says that the model runs in Ollama's cloud, where runner options mean nothing. */
export function isCloudName(name: string): boolean {
  const trimmed = name.trim().toLowerCase();
  const tag = trimmed.slice(trimmed.lastIndexOf(':') + 1);
  return trimmed.includes(':') && !tag.includes('/') && (tag === 'cloud' || tag.endsWith('-cloud'));
}
