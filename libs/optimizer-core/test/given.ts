import {
  createFingerprinter,
  emptyModelStatistics,
  emptyTemplateStatistics,
  decide,
  extractFeatures,
  foldModel,
  foldTemplate,
  type DecisionInput,
  DEFAULT_POLICY,
  type InferenceRequest,
  type JudgementInput,
  type ModelFacts,
  type ModelStatistics,
  rawPromptTokens,
  type RequestCompletedV1,
  type RequestFeatures,
  type RequestOptimizedV1,
  type RunnerView,
  type TemplateStatistics,
} from '../src/index.js';

export const MODEL = 'm:latest';
export const TEMPLATE = 't-1';

export function request(text: string, over: Partial<InferenceRequest> = {}): InferenceRequest {
  return {
    route: 'generate',
    model: MODEL,
    segments: text === '' ? [] : [{ role: 'prompt', text }],
    tools: '',
    imageCount: 0,
    numPredict: null,
    numCtx: null,
    stream: true,
    preload: false,
    unload: false,
    think: null,
    ...over,
  };
}

export function features(text: string, over: Partial<InferenceRequest> = {}): RequestFeatures {
  return extractFeatures(request(text, over), createFingerprinter('secret'));
}

/** Features of a prompt of about so many tokens. */
export function sizedFeatures(tokens: number, over: Partial<RequestFeatures> = {}): RequestFeatures {
  return { ...features(''), pieces: tokens, messageCount: 1, ...over };
}

export function runner(window: number, over: Partial<RunnerView> = {}): RunnerView {
  return { window, source: 'ps', sizeBytes: null, sizeVramBytes: null, expiresAtMs: null, ...over };
}

export function facts(over: Partial<ModelFacts> = {}): ModelFacts {
  return {
    model: MODEL,
    trainedContext: 131_072,
    kvBytesPerToken: 131_072,
    weightsBytes: null,
    modelfileNumCtx: null,
    remote: false,
    capabilities: ['completion'],
    ...over,
  };
}

export function decisionInput(over: Partial<DecisionInput> = {}): DecisionInput {
  return {
    policy: DEFAULT_POLICY,
    features: sizedFeatures(1000),
    runner: null,
    facts: facts(),
    modelStatistics: null,
    templateStatistics: null,
    clientWindow: 'hint',
    memoryWindow: null,
    ...over,
  };
}

export function completed(over: Partial<RequestCompletedV1> = {}): RequestCompletedV1 {
  return {
    requestId: 'r',
    model: MODEL,
    route: 'generate',
    templateId: TEMPLATE,
    status: 200,
    doneReason: 'stop',
    totalNs: 3e9,
    loadNs: 5e7,
    promptEvalNs: 1e9,
    evalNs: 2e9,
    promptTokens: 1000,
    cachedTokens: 0,
    outputTokens: 100,
    window: 8192,
    rawEstimate: 1000,
    taints: [],
    atMs: 1_000,
    ...over,
  };
}

export function modelAfter(...completions: readonly Partial<RequestCompletedV1>[]): ModelStatistics {
  return completions.reduce<ModelStatistics>(
    (statistics, over) => foldModel(statistics, { type: 'request.completed', data: completed(over) }),
    emptyModelStatistics(MODEL),
  );
}

export function templateAfter(...completions: readonly Partial<RequestCompletedV1>[]): TemplateStatistics {
  return completions.reduce<TemplateStatistics>(
    (statistics, over) => foldTemplate(statistics, { type: 'request.completed', data: completed(over) }),
    emptyTemplateStatistics(TEMPLATE, MODEL),
  );
}

export function times<T>(count: number, value: T): readonly T[] {
  return Array.from({ length: count }, () => value);
}

export function judgement(over: Partial<JudgementInput> = {}): JudgementInput {
  return {
    status: 200,
    end: 'complete',
    done: true,
    streamError: false,
    preload: false,
    doneReason: 'stop',
    loadNs: 5e7,
    promptTokens: 1000,
    outputTokens: 100,
    window: 4096,
    numPredict: null,
    promptEstimate: 1000,
    ...over,
  };
}

/** So many different words, no digit among them; the same for the same seed. */
export function prose(words: number, seed: number): string {
  const out: string[] = [];
  let state = (seed + 1) * 2_654_435_761;
  for (let i = 0; i < words; i++) {
    let word = '';
    for (let j = 0; j < 5; j++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      word += String.fromCharCode(97 + ((state >>> 16) % 26));
    }
    out.push(word);
  }
  return out.join(' ');
}

/** A request was sent: what its completion is joined with. */
export function optimized(over: Partial<RequestOptimizedV1> = {}): RequestOptimizedV1 {
  return {
    requestId: 'r',
    model: MODEL,
    route: over.features?.route ?? 'generate',
    client: null,
    mode: 'active',
    imposed: true,
    clientWindow: 'hint',
    features: sizedFeatures(1000),
    templateId: TEMPLATE,
    runner: null,
    decision: decide(decisionInput()),
    atMs: 1_000,
    ...over,
  };
}

/** A model's statistics after one more request and its count. */
export function afterPrompt(
  statistics: ModelStatistics,
  prompt: RequestFeatures,
  promptTokens: number,
  over: Partial<RequestCompletedV1> = {},
): ModelStatistics {
  const templateId = over.templateId ?? null;
  const rawEstimate = rawPromptTokens(prompt);
  return [
    { type: 'request.optimized', data: optimized({ features: prompt, templateId }) } as const,
    { type: 'request.completed', data: completed({ promptTokens, rawEstimate, ...over, templateId }) } as const,
  ].reduce<ModelStatistics>(foldModel, statistics);
}

/** Numbers from 0 to 1, the same for the same seed. */
export function chances(seed: number): () => number {
  let state = (seed + 1) * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
