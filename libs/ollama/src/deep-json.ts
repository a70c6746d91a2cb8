import { goJson } from './go-json.js';

/** As JSON. What is nested too deep for the quick way, which recurses, is printed without. */
export function deepJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return goJson(value);
  }
}
