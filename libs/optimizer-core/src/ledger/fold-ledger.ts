import type {
  RequestCompletedV1,
  RequestOptimizedV1,
  RunnerReloadedV1,
  TrafficEvent,
  TruncationDetectedV1,
} from '../events.js';
import { forget, pendingOf, remember } from '../pending-requests.js';
import { EMPTY_MEAN, updateMean } from '../running-mean.js';
import type { RunnerView } from '../runner.js';
import { ASSUMED_DEFAULT, askAsSent, EMPTY_WORLD, KEEP_ALIVE_MS } from './client-world.js';
import {
  addSides,
  NO_FIGURES,
  type LedgerCell,
  type LedgerFigures,
  type LedgerModel,
  type LedgerPending,
  type LedgerSide,
} from './ledger-rows.js';

const NS = 1e9;
const MS = 1e3;
/** Seconds of a load before one was seen. */
const UNKNOWN_LOAD = 2;

/** What one event changes: the model's row, and what is added to a cell. */
export interface LedgerChange {
  readonly model: LedgerModel;
  readonly cell?: Omit<LedgerCell, 'kind'>;
  /** Added to a cell that exists. */
  readonly addTo?: { readonly key: string; readonly figures: LedgerFigures };
}

export function emptyLedgerModel(model: string): LedgerModel {
  return {
    kind: 'model',
    model,
    world: EMPTY_WORLD,
    pending: [],
    ended: {},
    loadSeconds: EMPTY_MEAN,
    heldUntilMs: 0,
    small: null,
    large: null,
  };
}

export function cellKey({ day, model, client, templateId, mode }: Omit<LedgerCell, 'kind' | 'figures'>): string {
  return `cell:${day}|${mode}|${model}|${client ?? ''}|${templateId ?? ''}`;
}

/** Folds one event into what was saved. Null: it says nothing of that. */
export function foldLedger(row: LedgerModel, event: TrafficEvent): LedgerChange | null {
  switch (event.type) {
    case 'request.optimized':
      return { model: ask(row, event.data) };
    case 'request.completed':
      return complete(row, event.data);
    case 'runner.reloaded':
      return reloaded(row, event.data);
    case 'truncation.detected':
      return truncated(row, event.data);
    default:
      return null;
  }
}

function ask(row: LedgerModel, asked: RequestOptimizedV1): LedgerModel {
  const { requestId, client, mode, features, decision, atMs, runner } = asked;
  const seen = seeRunner(row, runner);
  // Where windows are fixed there is nothing to save.
  if (features.preload || decision.rule === 'fixed') return seen;
  const { trainedContext, promptEstimate } = decision.inputs;
  const { serverWindow = ASSUMED_DEFAULT } = asked;
  const sent = { clientNumCtx: features.numCtx, serverWindow, trainedContext, atMs };
  const { world, window, reload } = askAsSent(row.world, sent);
  const isDefault = features.numCtx === null && window === Math.min(serverWindow, trainedContext ?? Infinity);
  const pending: LedgerPending = { client, mode, atMs, asSent: window, reload, isDefault, promptEstimate };
  return { ...seen, world, pending: remember(row.pending, requestId, pending) };
}

function complete(row: LedgerModel, done: RequestCompletedV1): LedgerChange {
  const asked = pendingOf(row.pending, done.requestId);
  if (asked === undefined) return { model: row };
  const day = new Date(done.atMs).toISOString().slice(0, 10);
  const key = { day, model: done.model, client: asked.client, templateId: done.templateId, mode: asked.mode };
  const held = heldSeconds(row, asked.atMs, done.atMs);
  const short = shortAsSent(asked, done);
  const load = row.loadSeconds.samples > 0 ? row.loadSeconds.mean : UNKNOWN_LOAD;
  const figures: LedgerFigures = {
    requests: 1,
    uncertain: short === null ? 1 : 0,
    measured: side({ tokenSeconds: (done.window ?? 0) * held }),
    asSent: side({
      reloads: asked.reload === null ? 0 : 1,
      loadSeconds: asked.reload === null ? 0 : load,
      cuts: short === 'cut' ? 1 : 0,
      shifts: short === 'shifted' ? 1 : 0,
      tokenSeconds: asked.asSent * held,
    }),
    byRule: {
      ...NO_FIGURES.byRule,
      ...(asked.reload === null ? {} : { [asked.reload]: 1 }),
      shortInDefault: asked.isDefault && (short === 'cut' || short === 'shifted') ? 1 : 0,
    },
  };
  const model: LedgerModel = {
    ...row,
    pending: forget(row.pending, done.requestId),
    ended: latest({ ...row.ended, [done.requestId]: cellKey(key) }),
    world: { ...row.world, lastEndMs: Math.max(row.world.lastEndMs, done.atMs) },
    heldUntilMs: Math.max(row.heldUntilMs, done.atMs),
  };
  return { model, cell: { ...key, figures } };
}

/** What would have become of it in the window of its client: null: the counts do not tell. */
function shortAsSent(asked: LedgerPending, done: RequestCompletedV1): 'whole' | 'cut' | 'shifted' | null {
  const { taints, promptTokens, outputTokens, window } = done;
  if (taints.includes('truncated')) {
    // The count is of what was left; it was at least as long as the window it was cut in.
    const prompt = Math.max(asked.promptEstimate, window ?? 0);
    return prompt >= asked.asSent ? 'cut' : null;
  }
  if (
    promptTokens === null ||
    taints.some((taint) => taint === 'cancelled' || taint === 'failed' || taint === 'incomplete')
  )
    return null;
  if (promptTokens >= asked.asSent) return 'cut';
  return promptTokens + (outputTokens ?? 0) > asked.asSent ? 'shifted' : 'whole';
}

/** Seconds for which a runner was held since it was last counted, the time in which it expired left out. */
function heldSeconds({ heldUntilMs }: LedgerModel, atMs: number, endMs: number): number {
  const idle = heldUntilMs === 0 ? 0 : Math.min(KEEP_ALIVE_MS, Math.max(0, atMs - heldUntilMs));
  const busy = Math.max(0, endMs - Math.max(atMs, heldUntilMs));
  return (idle + busy) / MS;
}

function reloaded(row: LedgerModel, { requestId, loadNs, cause }: RunnerReloadedV1): LedgerChange {
  const seconds = loadNs / NS;
  const model = { ...row, loadSeconds: updateMean(row.loadSeconds, seconds) };
  // The first load is nobody's fault.
  if (cause === 'first') return { model };
  return also(model, requestId, { reloads: 1, loadSeconds: seconds });
}

function truncated(row: LedgerModel, { requestId, kind }: TruncationDetectedV1): LedgerChange {
  return also(row, requestId, kind === 'prompt-cut' ? { cuts: 1 } : { shifts: 1 });
}

function also(model: LedgerModel, requestId: string, measured: Partial<LedgerSide>): LedgerChange {
  const key = model.ended[requestId];
  if (key === undefined) return { model };
  return { model, addTo: { key, figures: { ...NO_FIGURES, measured: side(measured) } } };
}

function side(over: Partial<LedgerSide>): LedgerSide {
  return addSides(NO_FIGURES.measured, over);
}

const ENDED_KEPT = 8;

function latest(ended: LedgerModel['ended']): LedgerModel['ended'] {
  const ids = Object.keys(ended);
  if (ids.length <= ENDED_KEPT) return ended;
  return Object.fromEntries(ids.slice(-ENDED_KEPT).map((id) => [id, ended[id]!]));
}

function seeRunner(row: LedgerModel, runner: RunnerView | null): LedgerModel {
  if (runner === null || runner.sizeBytes === null || runner.sizeBytes <= 0) return row;
  const seen = { window: runner.window, bytes: runner.sizeBytes };
  return {
    ...row,
    small: row.small === null || seen.window < row.small.window ? seen : row.small,
    large: row.large === null || seen.window > row.large.window ? seen : row.large,
  };
}
