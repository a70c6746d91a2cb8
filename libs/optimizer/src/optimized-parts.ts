import type { Exchange } from './exchange.js';
import { NO_OBSERVER } from './exchange-observer.js';
import type { Optimized } from './rightsize-service.contract.js';

/** As it came, with a word that says why. */
export function untouched(requestId: string, body: Buffer, rule: 'off' | 'leave' | 'failed-open' | 'busy'): Optimized {
  return { requestId, body, headers: { 'x-rightsize-rule': rule }, observer: NO_OBSERVER, reconsider: null };
}

/** What the client is told of its decision. */
export function headersOf(exchange: Exchange): Record<string, string> {
  const { requestId, decision, mode, imposed, batch, refusals, failedLoads, cutBy, heldMs, safeguard } = exchange;
  // A window that no request can choose is still the one that it runs in.
  const window = decision.rule === 'fixed' ? (exchange.runner?.window ?? null) : decision.numCtx;
  return {
    'x-rightsize-decision': requestId,
    'x-rightsize-rule': decision.rule,
    ...(window === null ? {} : { 'x-rightsize-num-ctx': String(window) }),
    ...(batch === null ? {} : { 'x-rightsize-num-batch': String(batch.value ?? 'server') }),
    ...(imposed ? {} : { 'x-rightsize-imposed': 'no' }),
    ...(failedLoads === 0 ? {} : { 'x-rightsize-failed-loads': String(failedLoads) }),
    ...(refusals === 0 ? {} : { 'x-rightsize-refusals': String(refusals) }),
    ...(cutBy === 0 ? {} : { 'x-rightsize-cut': String(cutBy) }),
    ...(heldMs < 1 ? {} : { 'x-rightsize-held-ms': String(Math.round(heldMs)) }),
    ...(safeguard === null ? {} : { 'x-rightsize-safeguard': safeguard }),
    ...(mode === 'active' ? {} : { 'x-rightsize-mode': mode }),
  };
}
