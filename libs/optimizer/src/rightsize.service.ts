import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import { INFERENCE_WIRES, parseLoadFailure, parseRefusal } from '@rightsize/ollama';
import type { RecordedEvent } from '@rightsize/event-store';
import type { Observable } from 'rxjs';
import type {
  LedgerDimension,
  LedgerReport,
  OperatorActedV1,
  TemplateDetector,
  TemplateForgottenV1,
  TemplateOrder,
} from '@rightsize/optimizer-core';
import { ActivePolicies } from './active-policies.js';
import { Backend, type ServerTraits } from './backend.js';
import { Clock } from './clock.js';
import { within } from './commands/bounded-look.js';
import { OptimizeRequest, type Unsent } from './commands/optimize-request.command.js';
import { RecordCompletion } from './commands/record-completion.command.js';
import { RetryFailedLoad } from './commands/retry-failed-load.command.js';
import { RetryRefused } from './commands/retry-refused.command.js';
import { EventLog } from './event-log.js';
import type { Exchange } from './exchange.js';
import { AnswerObserver, type Outcome } from './exchange-observer.js';
import { ModelCatalogue } from './model-catalogue.js';
import { bytesOf, inputOf, type RequestBody, type RequestContext } from './request-body.js';
import { newId } from './new-id.js';
import { headersOf, untouched } from './optimized-parts.js';
import { ReadModels } from './projections/read-models.js';
import { RecentDecisions } from './recent-decisions.js';
import { RetentionSchedule } from './retention/retention-schedule.js';
import type {
  DecisionSummary,
  HealthReport,
  OptimizeInput,
  Optimized,
  RightsizeDoor,
  WholeAnswer,
} from './rightsize-service.contract.js';
import { Commands, Detector, Secret, Settings } from './rightsize.tokens.js';
import { RunnerTracker } from './runner-tracker.js';
import type { InstallationSecret } from './installation-secret.js';
import { Witnesses, type Witness } from './witness.js';
import { LogTaskThreads } from './retraining/log-task-threads.js';
import { NightlyRetraining } from './retraining/nightly-retraining.js';
import { Safeguards, type Tripped } from './safeguards.js';
import { MemoryWatch } from './memory/memory-watch.js';
import { SizingPlans } from './sizing-plans.js';
import { isAllOff, reloadSettings, type RightsizeOptions, type RightsizeSettings } from './settings.js';

/** After these a model name may stand for something else. */
const CHANGES_MODELS = new Set(['/api/create', '/api/copy', '/api/delete', '/api/pull']);

/** Ollama's own words, its two spaces included. */
const BUSY = 'server busy, please try again.  maximum pending requests exceeded';

/** The door for proxies. Whatever breaks behind it, the request goes upstream as it came, and the failure is counted. */
@Injectable()
export class RightsizeService implements RightsizeDoor, OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Rightsize');
  #failures = 0;
  #lastFailure: string | null = null;
  #started = false;
  #begun: Promise<void> | null = null;
  /** Exchanges whose answers have not ended. */
  readonly #open = new Set<AnswerObserver>();

  constructor(
    @Inject(Commands) private readonly commands: CommandBus,
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(Secret) private readonly secret: InstallationSecret,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(ReadModels) private readonly readModels: ReadModels,
    @Inject(Detector) private readonly detector: TemplateDetector,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(ModelCatalogue) private readonly catalogue: ModelCatalogue,
    @Inject(Backend) private readonly backend: Backend,
    @Inject(ActivePolicies) private readonly policies: ActivePolicies,
    @Inject(SizingPlans) private readonly plans: SizingPlans,
    @Inject(NightlyRetraining) private readonly nightly: NightlyRetraining,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
    @Inject(RetentionSchedule) private readonly retention: RetentionSchedule,
    @Inject(Safeguards) private readonly safeguards: Safeguards,
    @Inject(Witnesses) private readonly witnesses: Witnesses,
    @Inject(MemoryWatch) private readonly memory: MemoryWatch,
    @Inject(LogTaskThreads) private readonly threads: LogTaskThreads,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!isAllOff(this.settings)) await this.begin();
    this.#started = true;
  }

  /** At start, or when something is to be decided for the first time where everything was off. */
  private begin(): Promise<void> {
    return (this.#begun ??= (async () => {
      await this.log.open();
      await this.safeguards.recall();
      this.detector.restore(this.readModels.knownTemplates.values());
      void this.runners.look();
      this.memory.used();
      this.nightly.start(this.settings.retrainAt);
      this.retention.start();
    })());
  }

  async onApplicationShutdown(): Promise<void> {
    this.runners.stop();
    this.plans.stop();
    this.memory.stop();
    await this.endExchanges();
    await this.nightly.stop();
    await this.threads.stop();
    await this.retention.stop();
    await this.log.close();
    await this.backend.close();
  }

  optimize(input: OptimizeInput): Promise<Optimized>;
  /**
   * Decides one request. Send the `body` of what it resolves with, and give the answer to {@link record}, or to
   * the `observer` while it streams: until then its runner may be held for it. Never rejects.
   */
  optimize(body: RequestBody, context: RequestContext): Promise<Optimized>;
  optimize(given: OptimizeInput | RequestBody, context?: RequestContext): Promise<Optimized> {
    return this.decide(context ? inputOf(given, context) : (given as OptimizeInput));
  }

  /**
   * What the server said to an optimized request. Null: that is the answer. Else the server refused what it was
   * told not to cut, or could not load the window: send this instead, and record what becomes of it. Never rejects.
   */
  async record(optimized: Optimized, { status, body }: WholeAnswer): Promise<Optimized | null> {
    const { observer, reconsider } = optimized;
    const bytes = bytesOf(body);
    const next = reconsider && (status === 400 || status === 500) ? await reconsider(status, bytes) : null;
    if (next) return next;
    observer.head(status, null);
    observer.chunk(bytes);
    observer.end('complete');
    return null;
  }

  /**
   * The log from a position on, then what is appended to it, each event once and in order; without a position only
   * what is appended from now on. Completes when the application stops, after the last event.
   */
  events({ after = null }: { readonly after?: number | null } = {}): Observable<RecordedEvent> {
    return this.log.events(after);
  }

  /** The settings in force; {@link reconfigure} changes them. */
  get current(): RightsizeSettings {
    return this.settings;
  }

  private async decide(input: OptimizeInput): Promise<Optimized> {
    const requestId = newId();
    if (input.skip || (isAllOff(this.settings) && !input.force)) {
      if (input.skip) this.runners.distrust();
      return untouched(requestId, input.body, 'off');
    }
    try {
      if (!this.#begun) await this.begin();
      const asking = this.identify();
      if (asking) await asking;
      this.memory.used();
      const began = performance.now();
      const exchange = await this.commands.execute(new OptimizeRequest(requestId, input));
      const seconds = (performance.now() - began) / 1000;
      this.witnesses.tell((witness) => witness.decided?.(seconds));
      if (typeof exchange === 'string') return this.unsent(exchange, requestId, input.body);
      return this.sent(exchange);
    } catch (error) {
      this.witnesses.tell((witness) => witness.failedOpen?.());
      this.fail(`deciding ${requestId}`, error);
      return untouched(requestId, input.body, 'failed-open');
    }
  }

  get server(): ServerTraits {
    return this.backend.server;
  }

  identify(): Promise<unknown> | null {
    const asking = isAllOff(this.settings) ? null : this.backend.identify();
    return asking && within(asking, this.settings.lookMs);
  }

  noticeForeign(path: string): void {
    this.runners.distrust();
    if (CHANGES_MODELS.has(path)) this.catalogue.forget();
  }

  /** Takes over options that can be changed at run time. Throws a `SettingsError`, and changes nothing, when one cannot be used. */
  reconfigure(options: RightsizeOptions): void {
    const { retrainAt, retainDays, retainBytes } = this.settings;
    reloadSettings(this.settings, options);
    const now = this.settings;
    if (!this.#begun) return;
    this.memory.used();
    if (now.retrainAt !== retrainAt) this.nightly.start(now.retrainAt);
    if (now.retainDays !== retainDays || now.retainBytes !== retainBytes) this.retention.start();
  }

  /** Tells of everything that happens from now on. */
  watch(witness: Witness): void {
    this.witnesses.add(witness);
  }

  /** Notes for people who did what to this instance. */
  audit(act: Omit<OperatorActedV1, 'atMs'>): void {
    const data = { ...act, atMs: this.clock.nowMs() };
    this.log.record('operator', { type: 'operator.acted', data }, {});
  }

  health(): HealthReport {
    const reasons = [
      ...this.log.problems,
      ...(this.retention.problem ? [this.retention.problem] : []),
      ...this.policies.problems,
      ...this.safeguards.problems,
      ...(this.secret.problem ? [this.secret.problem] : []),
      ...(this.runners.failure
        ? [`cannot read ${this.settings.upstream}${this.server.statusPath}: ${this.runners.failure}`]
        : []),
      ...(this.#failures > 0 ? [`${this.#failures} requests went upstream undecided, last: ${this.#lastFailure}`] : []),
    ];
    const status = !this.#started ? 'starting' : reasons.length > 0 ? 'degraded' : 'ready';
    return { status, reasons, mode: this.settings.mode, log: this.log.progress };
  }

  /** Models whose requests pass through because harm had risen, and what harm. */
  trippedSafeguards(): readonly Tripped[] {
    return this.safeguards.tripped;
  }

  /** By hand: the model's requests go as they came until it is lifted. False: they do already. */
  pullSafeguard(model: string): boolean {
    return this.safeguards.pull(this.backend.canonicalName(model));
  }

  /** Undoes that by hand: the model gets its windows again. False: it had them. */
  liftSafeguard(model: string): boolean {
    return this.safeguards.lift(this.backend.canonicalName(model));
  }

  /** A window for the template's requests, tokens, as long as it holds them; null: the need decides again. False: there is no such template. */
  pinTemplate(templateId: string, window: number | null): boolean {
    return this.#order(templateId, (data) => ({ type: 'template.pinned', data: { ...data, window } }));
  }

  /** What is known of the template stays as it is, and decides without prices; or goes on. False: there is no such template. */
  lockTemplate(templateId: string, locked: boolean): boolean {
    return this.#order(templateId, (data) => ({ type: 'template.locked', data: { ...data, locked } }));
  }

  /** Its prompts are new ones from here on. False: there is no such template. */
  forgetTemplate(templateId: string): boolean {
    return this.#order(templateId, (data) => {
      this.detector.forget(data.model, templateId);
      return { type: 'template.forgotten', data };
    });
  }

  #order(templateId: string, orderOf: (data: TemplateForgottenV1) => TemplateOrder): boolean {
    const known = this.readModels.knownTemplates.get(templateId);
    if (known === null || known.evicted || known.mergedInto !== null) return false;
    const { model } = known;
    this.log.record(`template-${templateId}`, orderOf({ templateId, model, atMs: this.clock.nowMs() }), {});
    return true;
  }

  decisions(limit: number): readonly DecisionSummary[] {
    return this.recent.latest(limit);
  }

  /** What was saved so far, measured and as the clients would have had it. Not for the hot path: it sums all cells. */
  ledger(by: LedgerDimension): LedgerReport {
    return this.readModels.ledger.report(by);
  }

  /** Resolves when everything recorded so far is durable and folded. */
  settled(): Promise<void> {
    return this.log.settled();
  }

  private unsent(why: Unsent, requestId: string, body: Buffer): Optimized {
    switch (why) {
      case 'off':
      case 'leave':
        this.runners.distrust();
        return untouched(requestId, body, why);
      case 'gone':
        return untouched(requestId, body, 'leave');
      case 'busy':
        return { ...untouched(requestId, body, 'busy'), refusal: { status: 503, message: BUSY } };
    }
  }

  private sent(exchange: Exchange): Optimized {
    const { requestId, decision, body, overflow } = exchange;
    const observer = this.observe(exchange);
    const reconsider = async (status: number, answer: Buffer): Promise<Optimized | null> => {
      const next = await this.reconsider(exchange, status, answer);
      // What comes instead is what ends.
      if (next) this.#open.delete(observer);
      return next;
    };
    const observerIn = (window: number): AnswerObserver => {
      this.#open.delete(observer);
      return this.observe({
        ...exchange,
        dialect: 'openai',
        decision: { ...decision, numCtx: window },
        overflow: 'cut',
      });
    };
    const headers = headersOf(exchange);
    const mayChange = overflow === 'cut' ? null : reconsider;
    return { requestId, decision, body, headers, observer, reconsider: mayChange, observerIn };
  }

  private async reconsider(exchange: Exchange, status: number, answer: Buffer): Promise<Optimized | null> {
    try {
      const refusal = status === 400 ? parseRefusal(answer) : null;
      const failed = parseLoadFailure(status, answer);
      const again = refusal ? new RetryRefused(exchange, refusal) : failed && new RetryFailedLoad(exchange, failed);
      const next = again && (await this.commands.execute(again));
      return next && this.sent(next);
    } catch (error) {
      exchange.pass?.leave();
      this.fail(`deciding ${exchange.requestId} again`, error);
      return null;
    }
  }

  private observe(exchange: Exchange): AnswerObserver {
    const done = (outcome: Outcome) => {
      this.#open.delete(observer);
      const completion = new RecordCompletion(exchange, outcome, this.clock.nowMs());
      this.log.behind(() => {
        this.commands
          .execute(completion)
          .catch((error: unknown) => this.fail(`recording ${exchange.requestId}`, error));
      });
    };
    const failed = (error: unknown) => this.fail(`observing ${exchange.requestId}`, error);
    const observer = new AnswerObserver(exchange.ticket, INFERENCE_WIRES[exchange.dialect].tap(), done, failed);
    this.#open.add(observer);
    return observer;
  }

  /** Whoever was cut off by the end of the server learns of it a turn later; who has not by then, never will. */
  private async endExchanges(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    for (const observer of [...this.#open]) observer.end('client-aborted');
  }

  private fail(doing: string, error: unknown): void {
    this.#failures += 1;
    this.#lastFailure = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
    this.#logger.error(`failed ${this.#lastFailure}`, error instanceof Error ? error.stack : undefined);
  }
}
