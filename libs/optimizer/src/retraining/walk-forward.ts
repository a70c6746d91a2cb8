import type { RecordedRequest } from '@rightsize/optimizer-core';

/** One step of walking forward: trained on what came before, judged on what came after. */
export interface WalkStep {
  /** All requests that had ended before the first judged one was decided. */
  readonly training: readonly RecordedRequest[];
  /** The latest of the training: candidates are compared on them while training goes on. */
  readonly validation: readonly RecordedRequest[];
  readonly judged: readonly RecordedRequest[];
}

/** Shares of the requests: nothing is judged on the first half. */
const FIRST_JUDGED = 0.5;
/** Requests on which candidates are compared while training: more only cost time. */
const VALIDATED = 400;
const VALIDATED_SHARE = 1 / 3;

/** Fewer requests than this are not worth a look. */
export const FEWEST_REQUESTS = 80;

export function walkForward(requests: readonly RecordedRequest[], steps: number): readonly WalkStep[] {
  const count = requests.length;
  const first = Math.floor(count * FIRST_JUDGED);
  return Array.from({ length: steps }, (_, step) => {
    const start = first + Math.floor(((count - first) * step) / steps);
    const end = first + Math.floor(((count - first) * (step + 1)) / steps);
    const { position } = requests[start]!;
    const training = requests.slice(0, start).filter(({ endPosition }) => endPosition < position);
    const validated = Math.min(VALIDATED, Math.floor(training.length * VALIDATED_SHARE));
    return { training, validation: training.slice(training.length - validated), judged: requests.slice(start, end) };
  });
}

/** Requests after which a stretch of unbroken traffic is taken as another session. */
const LONGEST_SESSION = 25;

/**
 * Stretches of a model's traffic between pauses in which its runner expires: what is loaded in one does not
 * reach into the next. By request id.
 */
export function sessionsOf(
  requests: readonly RecordedRequest[],
  keepAliveSeconds: (model: string) => number,
): ReadonlyMap<string, string> {
  const running = new Map<string, { number: number; requests: number; endMs: number }>();
  const sessions = new Map<string, string>();
  for (const { requestId, model, atMs, endMs } of requests) {
    const last = running.get(model) ?? { number: 0, requests: 0, endMs: atMs };
    const over = atMs - last.endMs > keepAliveSeconds(model) * 1e3 || last.requests >= LONGEST_SESSION;
    const now = over
      ? { number: last.number + 1, requests: 1, endMs }
      : { number: last.number, requests: last.requests + 1, endMs: Math.max(last.endMs, endMs) };
    running.set(model, now);
    sessions.set(requestId, `${model} ${now.number}`);
  }
  return sessions;
}
