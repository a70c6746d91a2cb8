import { isObject, text } from './json-field.js';

/** Why a runner did not start. `memory`: it found too little. `crash`: it ended for another reason. `timeout`: it took too long. */
export type LoadFailure = 'memory' | 'crash' | 'timeout';

/** What llama.cpp, CUDA, ROCm, Vulkan and Ollama itself say when memory is short (llm/status.go of 0.34.4, sched.go of older ones). */
const MEMORY =
  /out of (device )?memory|outofdevicememory|malloc failed|failed to allocate|allocation failed|(not enough|insufficient) memory|failed to reserve graph|requires more (system|gpu) memory/i;
const CRASH =
  /^(llama-server|llama runner)( process)? (has terminated|no longer running)|unable to load model|error loading model/i;
const TIMEOUT = /^timed out waiting for (llama-server|llama runner) to start/i;

/**
 * Reads the error of a request whose runner did not start: it comes with status 500 and before any answer.
 * Null for every other error. What the message says beyond its kind is not kept.
 */
export function parseLoadFailure(status: number, body: Buffer): LoadFailure | null {
  if (status !== 500) return null;
  let outer: unknown;
  try {
    outer = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  const message = isObject(outer) ? text(outer['error']) : '';
  if (TIMEOUT.test(message)) return 'timeout';
  if (MEMORY.test(message)) return 'memory';
  return CRASH.test(message) ? 'crash' : null;
}
