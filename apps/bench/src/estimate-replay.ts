import {
  createFingerprinter,
  emptyModelStatistics,
  estimatePrompt,
  extractFeatures,
  foldModel,
  rawPromptTokens,
  type TrafficEvent,
  type InferenceRequest,
  type ModelStatistics,
  type RequestFeatures,
} from '@rightsize/optimizer-core';
import type { CorpusPrompt } from './templates-corpus.js';

const MODEL = 'bench';
/** Any fixed secret will do: figures must not depend on it. */
const SECRET = 'bench';

export interface Estimated {
  readonly kind: string;
  /** The template had been counted before: its second prompt and later ones. */
  readonly again: boolean;
  /** A later turn of a conversation that was counted before. */
  readonly turn: boolean;
  /** Prompts of the model that were counted before. */
  readonly after: number;
  readonly counted: number;
  readonly mean: number;
  readonly bound: number;
}

/** One model's estimates, made and corrected prompt by prompt through the product's own fold. */
export class EstimateReplay {
  readonly #fingerprinter = createFingerprinter(SECRET);
  readonly #withTemplates: boolean;
  readonly #templates = new Set<string>();
  readonly #sessions = new Set<string>();
  #statistics: ModelStatistics = emptyModelStatistics(MODEL);
  #after = 0;

  /** Without templates every prompt is estimated as one of no template. */
  constructor(withTemplates: boolean) {
    this.#withTemplates = withTemplates;
  }

  estimate(prompt: CorpusPrompt, counted: number): Estimated {
    const features = extractFeatures(requestOf(prompt), this.#fingerprinter);
    const again = this.#templates.has(prompt.templateId);
    // A detector knows a template from its second prompt on.
    const templateId = this.#withTemplates && again ? prompt.templateId : null;
    const { mean, bound } = estimatePrompt(features, this.#statistics, templateId === null ? null : { templateId });
    const turn = prompt.session !== null && this.#sessions.has(prompt.session);
    const estimated = { kind: prompt.kind, again, turn, after: this.#after, counted, mean, bound };
    this.#learn(features, templateId, counted);
    this.#templates.add(prompt.templateId);
    if (prompt.session !== null) this.#sessions.add(prompt.session);
    this.#after++;
    return estimated;
  }

  #learn(features: RequestFeatures, templateId: string | null, counted: number): void {
    for (const event of eventsOf(String(this.#after), features, templateId, counted)) {
      this.#statistics = foldModel(this.#statistics, event);
    }
  }
}

function eventsOf(
  requestId: string,
  features: RequestFeatures,
  templateId: string | null,
  counted: number,
): readonly TrafficEvent[] {
  const known = { requestId, model: MODEL, route: features.route, templateId, atMs: 0 };
  const untimed = { totalNs: null, loadNs: null, promptEvalNs: null, evalNs: null };
  return [
    { type: 'request.optimized', data: { ...known, features, ...UNDECIDED } },
    {
      type: 'request.completed',
      data: {
        ...known,
        ...untimed,
        status: 200,
        doneReason: 'length',
        promptTokens: counted,
        cachedTokens: null,
        outputTokens: 1,
        window: null,
        rawEstimate: rawPromptTokens(features),
        taints: ['length'],
      },
    },
  ];
}

/** What a request that was only looked at says of its decision. */
const UNDECIDED = {
  client: null,
  mode: 'shadow',
  imposed: false,
  clientWindow: 'hint',
  runner: null,
  decision: {
    numCtx: null,
    rule: 'leave',
    policyId: 'none',
    inputs: {
      promptEstimate: 0,
      promptBound: 0,
      outputBound: 0,
      outputSource: 'none',
      need: 0,
      loadedWindow: null,
      trainedContext: null,
      memoryWindow: null,
      clientNumCtx: null,
    },
    rejected: [],
  },
} as const;

function requestOf({ segments }: CorpusPrompt): InferenceRequest {
  return {
    route: segments[0]?.role === 'prompt' ? 'generate' : 'chat',
    model: MODEL,
    segments,
    tools: '',
    imageCount: 0,
    numPredict: 1,
    numCtx: null,
    stream: false,
    preload: false,
    unload: false,
    think: null,
  };
}
