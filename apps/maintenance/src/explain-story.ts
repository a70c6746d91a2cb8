import type {
  Decision,
  RequestCompletedV1,
  RequestOptimizedV1,
  RequestRefusedV1,
  RunnerLoadFailedV1,
  TrafficEvent,
  TruncationDetectedV1,
} from '@rightsize/optimizer-core';

const WHY_BATCH = {
  kept: 'the runner has it',
  server: "the server's own choice; nothing was seen to be better",
  tried: 'tried, since a load happens anyway',
  better: 'seen to read prompts faster',
} as const;

const WHY_FAILED = {
  memory: 'too little memory',
  crash: 'the runner ended',
  timeout: 'it took too long',
} as const;

/** What happened to one request, in order, as a person would want to read it. `events`: its stream. */
export function storyOf(events: readonly TrafficEvent[]): readonly string[] {
  const lines = events.flatMap(linesOf);
  const isOver = events.some(({ type }) => type === 'request.completed');
  return isOver ? lines : [...lines, 'It has not been completed.'];
}

function linesOf(event: TrafficEvent): readonly string[] {
  switch (event.type) {
    case 'request.optimized':
      return [headline(event.data), ...decisionLines(event.data.decision), ...batchLines(event.data)];
    case 'request.refused':
      return refusalLines(event.data);
    case 'runner.load-failed':
      return failureLines(event.data);
    case 'request.completed':
      return completionLines(event.data);
    case 'truncation.detected':
      return [truncationLine(event.data)];
    default:
      return [];
  }
}

function headline({ requestId, model, route, client, mode, imposed, templateId, decision, atMs }: RequestOptimizedV1) {
  const { rule, numCtx, policyId } = decision;
  return [
    `${requestId} at ${new Date(atMs).toISOString()}: ${route} for ${model}${client === null ? '' : ` from ${client}`}`,
    `  decided: ${numCtx ?? 'nothing'} (${rule}, policy ${policyId}), ${imposed ? 'imposed' : `not imposed (${mode})`}`,
    `  template: ${templateId ?? 'none yet'}`,
  ].join('\n');
}

function decisionLines({ inputs, rule, numCtx, rejected, prices }: Decision): readonly string[] {
  const unpriced =
    rule === 'stay' ? ['  not priced: nothing new was learnt, and the loaded window holds the need'] : [];
  return [
    `  prompt: ${Math.round(inputs.promptEstimate)} tokens expected, ${Math.round(inputs.promptBound)} at most`,
    `  answer: ${Math.round(inputs.outputBound)} tokens at most, from ${inputs.outputSource}`,
    `  need: ${inputs.need} tokens; loaded: ${inputs.loadedWindow ?? 'nothing'}; trained: ${inputs.trainedContext ?? 'unknown'}; fits memory: ${inputs.memoryWindow ?? 'no limit known'}`,
    ...rejected.map((candidate) => `  not ${candidate.numCtx}: ${candidate.reason}`),
    ...(prices ? priceLines(numCtx, inputs.loadedWindow, prices) : unpriced),
  ];
}

/** Cheapest first, each with what it would cost more than the choice. */
function priceLines(
  chosen: number | null,
  loaded: number | null,
  prices: NonNullable<Decision['prices']>,
): readonly string[] {
  const own = prices.find(({ numCtx }) => numCtx === chosen)?.seconds;
  return prices.map(({ numCtx, seconds }) => {
    const marks = [numCtx === chosen ? 'chosen' : '', numCtx === loaded ? 'loaded' : ''].filter(Boolean);
    const more = own === undefined || numCtx === chosen ? '' : `, ${signed(seconds - own)} s`;
    const said = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
    return `  ${numCtx} would cost ${seconds.toFixed(2)} s from here on${more}${said}`;
  });
}

function signed(seconds: number): string {
  return `${seconds < 0 ? '' : '+'}${seconds.toFixed(2)}`;
}

function batchLines({ numBatch }: RequestOptimizedV1): readonly string[] {
  if (numBatch === undefined) return [];
  const drawn = numBatch.candidates.map(
    ({ value, seconds }) => `    ${value ?? "the server's"}: ${(seconds * 1e6).toFixed(0)} us a token, drawn`,
  );
  return [`  batch: ${numBatch.value ?? "the server's"} (${WHY_BATCH[numBatch.why]})`, ...drawn];
}

function refusalLines({ window, promptTokens, next }: RequestRefusedV1): readonly string[] {
  const counted = promptTokens === null ? 'more tokens than that' : `${promptTokens} tokens`;
  return [
    `  refused at ${window}: the prompt has ${counted}`,
    ...(next === null ? ['  the client got the refusal'] : nextLines(next)),
  ];
}

function failureLines({ window, numBatch, cause, next }: RunnerLoadFailedV1): readonly string[] {
  const asked = [window === null ? 'as it came' : `${window}`, ...(numBatch === null ? [] : [`batch ${numBatch}`])];
  return [
    `  could not be loaded with ${asked.join(', ')}: ${WHY_FAILED[cause]}`,
    ...(next === null ? ['  then: sent as it came'] : nextLines(next)),
  ];
}

function nextLines(next: Decision): readonly string[] {
  return [`  then: ${next.numCtx ?? 'nothing'} (${next.rule})`, ...decisionLines(next).map((line) => `  ${line}`)];
}

function completionLines(completed: RequestCompletedV1): readonly string[] {
  const { status, doneReason, promptTokens, outputTokens, loadNs, totalNs, taints } = completed;
  return [
    `  ended: status ${status}, ${doneReason ?? 'no final chunk'}; ${promptTokens ?? '?'} prompt and ${outputTokens ?? '?'} answer tokens`,
    `  took: ${inSeconds(totalNs)} in all, ${inSeconds(loadNs)} of it loading or waiting for the runner`,
    ...(taints.length > 0 ? [`  teaches nothing or not all, because: ${taints.join(', ')}`] : []),
  ];
}

function truncationLine({ kind, window, sign }: TruncationDetectedV1): string {
  const what = kind === 'prompt-cut' ? 'the server cut the prompt' : 'the answer outgrew its window';
  return `  ${what}, in ${window} tokens (told by: ${sign})`;
}

function inSeconds(ns: number | null): string {
  return ns === null ? '? s' : `${(ns / 1e9).toFixed(2)} s`;
}
