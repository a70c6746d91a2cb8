import { imposeNoTruncation, imposeNumCtx } from '@rightsize/ollama';
import type { Overflow } from '../exchange.js';

/** The body with the decision in it; null when it cannot be edited: it goes as it came. */
export function impose(body: Buffer, numCtx: number, overflow: Overflow): Buffer | null {
  const sized = imposeNumCtx(body, numCtx);
  return sized !== null && overflow === 'refuse' ? imposeNoTruncation(sized) : sized;
}
