import type { JsonObject } from './json-field.js';

/** What is fixed when a runner starts, `num_ctx` excepted: another value reloads the model. */
const FIXED = ['draft_num_predict', 'main_gpu', 'num_batch', 'num_gpu', 'num_thread', 'use_mmap'] as const;

/**
 * Which runner-fixed options a request carries, in one canonical spelling: two requests with the same
 * signature can share a runner. Empty when it carries none. Example: `num_batch=512 shift=false`.
 */
export function fixedOptionsOf(options: JsonObject, shift: unknown): string {
  let signature = '';
  for (const name of FIXED) {
    const value = options[name];
    if (typeof value === 'number') signature += `${name}=${Math.trunc(value)} `;
    else if (typeof value === 'boolean') signature += `${name}=${value} `;
  }
  if (typeof shift === 'boolean') signature += `shift=${shift} `;
  return signature.trimEnd();
}
