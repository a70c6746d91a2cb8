import { imposeNoTruncation, imposeNumBatch, imposeNumCtx } from '@rightsize/ollama';
import type { Overflow } from '../exchange.js';

/** The body with the decision in it; null when it cannot be edited: it goes as it came. `numBatch`: null leaves it to the server. */
export function impose(body: Buffer, numCtx: number, numBatch: number | null, overflow: Overflow): Buffer | null {
  const windowed = imposeNumCtx(body, numCtx);
  const sized = windowed !== null && numBatch !== null ? imposeNumBatch(windowed, numBatch) : windowed;
  return sized !== null && overflow === 'refuse' ? imposeNoTruncation(sized) : sized;
}
