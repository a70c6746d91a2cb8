/** A model's name in its four parts, defaults filled in. */
export interface ModelName {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

const DEFAULT_HOST = 'registry.ollama.ai';
const DEFAULT_NAMESPACE = 'library';
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;

/** Null when the text is no valid name: empty, or with characters that no part may have. */
export function parseModelName(text: string): ModelName | null {
  const withoutScheme = text.replace(/^https?:\/\//, '');
  const colon = withoutScheme.lastIndexOf(':');
  const slash = withoutScheme.lastIndexOf('/');
  const hasTag = colon > slash;
  const path = hasTag ? withoutScheme.slice(0, colon) : withoutScheme;
  const tag = hasTag ? withoutScheme.slice(colon + 1) : 'latest';
  const parts = path.split('/');
  if (parts.length > 3) return null;
  const model = parts.pop() ?? '';
  const namespace = parts.pop() ?? DEFAULT_NAMESPACE;
  const host = parts.pop() ?? DEFAULT_HOST;
  const valid = PART.test(model) && PART.test(namespace) && PART.test(tag) && /^[A-Za-z0-9_.:-]+$/.test(host);
  return valid ? { host, namespace, model, tag } : null;
}

/** `model:tag`, with namespace and host only where they are not the defaults: how the server shows a name. */
export function shortName(name: ModelName): string {
  const tail = `${name.model}:${name.tag}`;
  if (name.host !== DEFAULT_HOST) return `${name.host}/${name.namespace}/${tail}`;
  return name.namespace === DEFAULT_NAMESPACE ? tail : `${name.namespace}/${tail}`;
}

/** The name with all its parts, as some error messages show it. */
export function fullName(name: ModelName): string {
  return `${name.host}/${name.namespace}/${name.model}:${name.tag}`;
}

/** What names are looked up by: they differ in case only by spelling. */
export function nameKey(name: ModelName): string {
  return fullName(name).toLowerCase();
}

/** Names whose requests run elsewhere: `x:cloud` and `x:tag-cloud`. */
export function isCloudName(text: string): boolean {
  return /(?::|-)cloud$/.test(text);
}
