import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { BoundedNames } from './bounded-names.js';
import { Exchanges } from './exchanges.js';

export interface MetricsOptions {
  /** Model names told apart; the rest are `other`. @default 50 */
  readonly models?: number;
  /** The same for clients. @default 50 */
  readonly clients?: number;
}

/** What is asked for when somebody looks, not counted as it happens. Null: not known here. */
export interface Gauges {
  readonly ready: boolean;
  readonly logPosition: number;
  readonly queuedEvents: number;
  readonly projections: readonly { readonly name: string; readonly lag: number }[];
  readonly storeBytes: number | null;
  /** Bytes; absent: nothing is measured here. `decided` is what windows are limited by. */
  readonly memory?: readonly {
    readonly pool: 'host' | 'gpu';
    readonly kind: 'total' | 'free' | 'decided';
    readonly bytes: number;
  }[];
  /** Of the machine in the last minute; absent: not known. */
  readonly loadAverage?: number;
  /** Requests in other dialects since the start; absent: there are none of them here. */
  readonly v1?: {
    readonly translated: number;
    readonly aliased: number;
    /** By why; of few words. */
    readonly passed: Readonly<Record<string, number>>;
  };
}

const DECIDING = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const ANSWERING = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const LOADING = [0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120];
/** Counted tokens over estimated ones. */
const RATIOS = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1, 1.02, 1.05, 1.1, 1.2, 1.5, 2];
const WINDOWS = [2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144];

/** The `rightsize_*` metrics of one instance. Is shown every event as it is recorded, and asks for the rest when scraped. */
export class PrometheusMetrics {
  readonly registry = new Registry();
  readonly #models: BoundedNames;
  readonly #clients: BoundedNames;
  readonly #exchanges = new Exchanges(() => undefined);

  readonly #decisions = this.#counter('decisions_total', 'Decisions by their rule', ['rule', 'model', 'imposed']);
  readonly #byClient = this.#counter('client_requests_total', 'Decided requests by client', ['client']);
  readonly #completions = this.#counter('completions_total', 'Ended requests by HTTP status', ['status', 'model']);
  readonly #promptTokens = this.#counter('prompt_tokens_total', 'Prompt tokens as counted by the server', ['model']);
  readonly #outputTokens = this.#counter('output_tokens_total', 'Answer tokens as counted by the server', ['model']);
  readonly #reloads = this.#counter('reloads_total', 'Loads of a model that a request had to wait for', [
    'cause',
    'model',
  ]);
  readonly #avoided = this.#counter(
    'reloads_avoided_total',
    'Requests served in the loaded window whose own num_ctx would have reloaded the model',
    ['model'],
  );
  readonly #cuts = this.#counter('cuts_total', 'Prompts cut, and answers that outgrew their window', ['kind', 'model']);
  readonly #refusals = this.#counter(
    'refusals_total',
    'Prompts the server refused as too long; sent again where `retried`',
    ['retried', 'model'],
  );
  readonly #failures = this.#counter(
    'failed_open_total',
    'Requests that went upstream undecided because deciding failed',
    [],
  );
  readonly #turnedAway = this.#counter(
    'turned_away_total',
    'Requests that were never sent while their model changed its window: too many were held, or their client left',
    ['why', 'model'],
  );
  readonly #memoryChanges = this.#counter(
    'memory_changes_total',
    'Times that the memory which windows are limited by has changed',
    [],
  );
  readonly #loadSeconds = this.#histogram('load_seconds', 'Time of loads', LOADING, ['cause']);
  readonly #estimateRatio = this.#histogram(
    'estimate_ratio',
    'Prompt tokens counted over estimated, of answers that teach',
    RATIOS,
    ['model'],
  );
  readonly #window = this.#histogram('window_tokens', 'Windows asked for', WINDOWS, ['model']);
  readonly #decisionSeconds = this.#histogram('decision_seconds', 'Time from a body to its decision', DECIDING, []);
  readonly #proxySeconds = this.#histogram(
    'proxy_seconds',
    'Time between the whole request and its sending upstream',
    DECIDING,
    [],
  );
  readonly #requestSeconds = this.#histogram(
    'request_seconds',
    'Time from request to the end of the answer',
    ANSWERING,
    ['route', 'status'],
  );

  constructor(options: MetricsOptions = {}, gauges?: () => Promise<Gauges>) {
    this.#models = new BoundedNames(options.models ?? 50);
    this.#clients = new BoundedNames(options.clients ?? 50);
    this.#gauge('requests_under_way', 'Decided requests whose answer has not ended', (gauge) =>
      gauge.set(this.#exchanges.underWay),
    );
    if (gauges) this.#askWhenScraped(gauges);
  }

  /** Counts one event. Cheap enough for the way of a request. */
  see(event: DomainEvent): void {
    const exchange = this.#exchanges.take(event);
    switch (event.type) {
      case 'request.optimized':
        return this.#optimized(event.data);
      case 'request.completed':
        return this.#completed(event.data, exchange?.optimized ?? null);
      case 'runner.reloaded': {
        const { cause, loadNs, model } = event.data;
        this.#reloads.inc({ cause, model: this.#models.of(model) });
        return this.#loadSeconds.observe({ cause }, loadNs / 1e9);
      }
      case 'request.refused': {
        const { next, model } = event.data;
        return this.#refusals.inc({ retried: next === null ? 'no' : 'yes', model: this.#models.of(model) });
      }
      case 'request.turned-away':
        return this.#turnedAway.inc({ why: event.data.why, model: this.#models.of(event.data.model) });
      case 'machine.memory-changed':
        return this.#memoryChanges.inc();
      case 'truncation.detected':
        return this.#cuts.inc({ kind: event.data.kind, model: this.#models.of(event.data.model) });
      default:
    }
  }

  decided(seconds: number): void {
    this.#decisionSeconds.observe(seconds);
  }

  failedOpen(): void {
    this.#failures.inc();
  }

  sentUpstream(seconds: number): void {
    this.#proxySeconds.observe(seconds);
  }

  /** `route` must be one of few. */
  answered(route: string, status: number, seconds: number): void {
    this.#requestSeconds.observe({ route, status: `${Math.floor(status / 100)}xx` }, seconds);
  }

  #optimized({ decision, imposed, model, client }: RequestOptimizedV1): void {
    const { rule, numCtx, inputs } = decision;
    const name = this.#models.of(model);
    this.#decisions.inc({ rule, model: name, imposed: imposed ? 'yes' : 'no' });
    this.#byClient.inc({ client: client === null ? 'unknown' : this.#clients.of(client) });
    if (!imposed || numCtx === null) return;
    this.#window.observe({ model: name }, numCtx);
    const { clientNumCtx, loadedWindow } = inputs;
    const stays = loadedWindow !== null && numCtx === loadedWindow;
    if (stays && clientNumCtx !== null && clientNumCtx !== loadedWindow) this.#avoided.inc({ model: name });
  }

  #completed(completed: RequestCompletedV1, optimized: RequestOptimizedV1 | null): void {
    const { status, promptTokens, outputTokens, taints } = completed;
    const model = this.#models.of(completed.model);
    this.#completions.inc({ status: String(status), model });
    this.#promptTokens.inc({ model }, promptTokens ?? 0);
    this.#outputTokens.inc({ model }, outputTokens ?? 0);
    const estimate = optimized?.decision.inputs.promptEstimate ?? 0;
    if (taints.length === 0 && estimate > 0 && promptTokens) {
      this.#estimateRatio.observe({ model }, promptTokens / estimate);
    }
  }

  #askWhenScraped(ask: () => Promise<Gauges>): void {
    this.#gauge('ready', '1: serving as it should; 0: starting or degraded', async (gauge) =>
      gauge.set((await ask()).ready ? 1 : 0),
    );
    const v1 = new Counter({
      name: 'rightsize_v1_requests_total',
      registers: [],
      help: 'Requests in other dialects: translated, under an alias, or passed as they came, and why',
      labelNames: ['how', 'reason'],
      async collect(this: Counter<'how' | 'reason'>) {
        const { translated, aliased, passed } = (await ask()).v1 ?? { translated: 0, aliased: 0, passed: {} };
        // Counted where it is decided; shown as it stands there.
        this.reset();
        this.inc({ how: 'translate', reason: '' }, translated);
        this.inc({ how: 'alias', reason: '' }, Math.max(0, aliased));
        for (const [reason, times] of Object.entries(passed)) this.inc({ how: 'pass', reason }, times);
      },
    });
    this.registry.registerMetric(v1);
    this.#gauge('log_position', 'Position of the last event', async (gauge) => gauge.set((await ask()).logPosition));
    this.#gauge('queued_events', 'Events waiting to be durable', async (gauge) =>
      gauge.set((await ask()).queuedEvents),
    );
    this.#gauge('store_bytes', 'Size of the event log on disk', async (gauge) =>
      gauge.set((await ask()).storeBytes ?? Number.NaN),
    );
    this.#gauge(
      'memory_bytes',
      'Memory of the machine and its GPUs: total, free as last read, and decided: what a runner may have of it',
      async (gauge) => {
        gauge.reset();
        for (const { pool, kind, bytes } of (await ask()).memory ?? []) gauge.set({ pool, kind }, bytes);
      },
      ['pool', 'kind'],
    );
    this.#gauge('load_average', 'Load average of the machine over one minute', async (gauge) =>
      gauge.set((await ask()).loadAverage ?? Number.NaN),
    );
    this.#gauge(
      'projection_lag_events',
      'Events that a read model is behind the log',
      async (gauge) => {
        for (const { name, lag } of (await ask()).projections) gauge.set({ projection: name }, lag);
      },
      ['projection'],
    );
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `rightsize_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[]): Histogram<L> {
    return new Histogram({ name: `rightsize_${name}`, help, buckets, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    collect: (gauge: Gauge<L>) => void | Promise<void>,
    labelNames: readonly L[] = [],
  ): void {
    const gauge: Gauge<L> = new Gauge({
      name: `rightsize_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => collect(gauge),
    });
  }
}
