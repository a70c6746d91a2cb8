import type { JsonObject } from './json-field.js';

/**
 * What is fixed when a runner starts, `num_ctx` excepted: another value reloads the model. They place work and
 * size buffers, and change no answer: all clients of a model can share one value of each.
 */
export const SHARED_OPTIONS = [
  'draft_num_predict',
  'main_gpu',
  'num_batch',
  'num_gpu',
  'num_thread',
  'use_mmap',
] as const;

/** A value of {@link SHARED_OPTIONS}: the server takes another type for an error, and null for the default, said aloud. */
export function isSharedValue(value: unknown): value is number | boolean | null {
  return typeof value === 'number' || typeof value === 'boolean' || value === null;
}

/**
 * Which runner-fixed options a request carries, in one canonical spelling: two requests with the same
 * signature can share a runner. Empty when it carries none. Example: `num_batch=512 shift=false`. A fraction
 * is cut off, as the server does.
 */
export function fixedOptionsOf(options: JsonObject, shift: unknown): string {
  let signature = '';
  for (const name of SHARED_OPTIONS) {
    const value = options[name];
    if (value === undefined || !isSharedValue(value)) continue;
    signature += `${name}=${typeof value === 'number' ? Math.trunc(value) : value} `;
  }
  if (typeof shift === 'boolean') signature += `shift=${shift} `;
  return signature.trimEnd();
}
