import type { RequestCompletedV1, RequestOptimizedV1, RunnerLoadFailedV1, TrafficEvent } from '../events.js';
import { learnBatchFailure, learnBatchLoad, learnBatchRate } from './batch-knowledge.js';
import { MAX_FAILURES, MAX_SIZES, type MachineState } from './machine-state.js';

/** Folds one event into what was seen of the machine. Events of other models change nothing. */
export function foldMachine(state: MachineState, event: TrafficEvent): MachineState {
  if (event.data.model !== state.model) return state;
  switch (event.type) {
    case 'request.optimized':
      return foldDecision(state, event.data);
    case 'request.completed':
      return foldCompletion(state, event.data);
    case 'runner.load-failed':
      return foldFailure(state, event.data);
    default:
      return state;
  }
}

function foldDecision(state: MachineState, { runner, imposed, decision, numBatch }: RequestOptimizedV1): MachineState {
  const sized = foldSize(state, runner);
  if (!imposed || decision.numCtx === null || decision.numCtx === runner?.window) return sized;
  const batch = numBatch?.value ?? null;
  return {
    ...sized,
    lastLoad: { window: decision.numCtx, numBatch: batch },
    batches: learnBatchLoad(sized.batches, batch),
  };
}

function foldSize(state: MachineState, runner: RequestOptimizedV1['runner']): MachineState {
  if (runner === null || runner.source !== 'ps' || !runner.sizeBytes) return state;
  const { window, sizeBytes: bytes } = runner;
  if (state.sizes.some((seen) => seen.window === window && seen.bytes === bytes)) return state;
  const others = state.sizes.filter((seen) => seen.window !== window);
  // The smallest goes: large windows say most about what a token costs.
  const sizes = [...others, { window, bytes }].toSorted((a, b) => a.window - b.window).slice(-MAX_SIZES);
  return { ...state, sizes };
}

/** An answer shows that its window can be loaded, whatever failed before. */
function foldCompletion(state: MachineState, done: RequestCompletedV1): MachineState {
  const { window, status } = done;
  if (window === null || status !== 200 || done.doneReason === null) return state;
  const failures = state.failures.filter((failed) => failed.window > window);
  const batches = learnBatchRate(state.batches, done);
  const same = failures.length === state.failures.length && batches === state.batches;
  return same ? state : { ...state, failures, batches };
}

/** A batch that was being tried is to blame before the window is. */
function foldFailure(state: MachineState, { window, numBatch, atMs }: RunnerLoadFailedV1): MachineState {
  if (numBatch !== null) return { ...state, batches: learnBatchFailure(state.batches, numBatch) };
  if (window === null) return state;
  return { ...state, failures: [...state.failures, { window, atMs }].slice(-MAX_FAILURES) };
}
