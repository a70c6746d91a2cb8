import { goJson } from '../go/json-text.js';

/** Why a `format` is refused; null when it is absent, `"json"` or a schema. */
export function formatFault(format: unknown): string | null {
  if (format === undefined || format === null || format === '' || format === 'json') return null;
  if (typeof format === 'object' && !Array.isArray(format)) return null;
  return `invalid format: ${JSON.stringify(goJson(format))}; expected "json" or a valid JSON Schema object`;
}
