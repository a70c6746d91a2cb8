import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { imposeSharedOptions, INFERENCE_WIRES, isCloudName } from '@rightsize/ollama';
import {
  extractFeatures,
  type Decision,
  type Detection,
  type Fingerprinter,
  type InferenceRequest,
  type RequestOptimizedV1,
  type Sketcher,
  type TemplateDetector,
} from '@rightsize/optimizer-core';
import { Backend } from '../backend.js';
import { Clock } from '../clock.js';
import { isControl, type Session } from '../control-group.js';
import { conversationId } from '../conversation-id.js';
import { DecideInTurn, type Asked, type Decided, type SharedOptions } from '../decide-in-turn.js';
import { EventLog } from '../event-log.js';
import type { Exchange, Overflow } from '../exchange.js';
import type { InstallationSecret } from '../installation-secret.js';
import { ModelCatalogue } from '../model-catalogue.js';
import { RecentDecisions } from '../recent-decisions.js';
import { Detector, Prints, Secret, Settings, Sketches } from '../rightsize.tokens.js';
import { RunnerTracker } from '../runner-tracker.js';
import { Safeguards } from '../safeguards.js';
import { SwitchGates, type Leaving } from '../switch-gates.js';
import { clientWindowRule, modeFor, type RightsizeSettings } from '../settings.js';
import { boundedLook } from './bounded-look.js';
import { impose } from './impose.js';
import { OptimizeRequest, type Unsent } from './optimize-request.command.js';

/** Everything but the event's data is memory; the log is written behind it. */
@CommandHandler(OptimizeRequest)
export class OptimizeRequestHandler implements ICommandHandler<OptimizeRequest> {
  constructor(
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secret) private readonly secret: InstallationSecret,
    @Inject(Prints) private readonly prints: Fingerprinter,
    @Inject(Sketches) private readonly sketches: Sketcher,
    @Inject(Detector) private readonly detector: TemplateDetector,
    @Inject(Backend) private readonly backend: Backend,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(ModelCatalogue) private readonly catalogue: ModelCatalogue,
    @Inject(SwitchGates) private readonly gates: SwitchGates<Asked>,
    @Inject(DecideInTurn) private readonly turns: DecideInTurn,
    @Inject(Safeguards) private readonly safeguards: Safeguards,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
  ) {}

  async execute({ requestId, input }: OptimizeRequest): Promise<Exchange | Unsent> {
    const { dialect = 'native' } = input;
    const wire = INFERENCE_WIRES[dialect];
    const read = wire.read(input.route, input.body);
    if (read.kind === 'unreadable' || read.request.unload) return 'leave';
    const request: InferenceRequest = { ...read.request, model: this.backend.canonicalName(read.request.model) };
    const { model } = request;
    if (model === '' || isCloudName(model)) return 'leave';
    const configured = input.force ? 'active' : modeFor(this.settings, model, input.client);
    if (configured === 'off') return 'off';

    this.runners.used();
    const look = boundedLook(this.runners, this.catalogue, model, this.settings.lookMs);
    if (look) await look;
    if (this.catalogue.missing(model)) return 'leave';

    const atMs = this.clock.nowMs();
    const features = extractFeatures(request, this.prints);
    const detection = this.detector.detect(model, this.sketches.sketch(request), features.fingerprints, atMs);
    const conversation = conversationId(request, this.secret.secret);
    const { templateId } = detection;
    const { client } = input;
    // What cannot be changed is nothing to guard against.
    const safeguard =
      configured === 'active' && wire.carriesWindow
        ? this.whyAsItCame({ model, client, conversation, templateId, atMs })
        : null;
    const mode = safeguard === null ? configured : 'shadow';
    const clientWindow = clientWindowRule(this.settings, model, client);
    const asked: Asked = {
      model,
      features,
      templateId,
      conversation,
      mode,
      clientWindow,
      fixedOptions: request.fixedOptions ?? '',
      need: null,
    };
    const decided =
      mode === 'active' && wire.carriesWindow ? await this.inTurn(asked, input) : await this.turns.alone(asked);
    if (typeof decided === 'string') return this.turnAway(decided, requestId, asked, atMs);
    const { decision, runner, ticket, options, batch, pass, heldMs } = decided;
    const original = shared(input.body, asked, options);

    const overflow = overflowOf(request, decision);
    const numBatch = batch?.value ?? null;
    const body =
      ticket !== null && decision.numCtx !== null ? impose(original, decision.numCtx, numBatch, overflow) : null;
    const imposed = body !== null;
    if (!imposed) ticket?.ended();
    const optimized: RequestOptimizedV1 = {
      requestId,
      model,
      route: request.route,
      client,
      mode,
      ...(safeguard === 'control' ? { group: safeguard } : {}),
      imposed,
      clientWindow,
      features,
      templateId,
      runner,
      decision,
      ...(imposed && batch !== null ? { numBatch: batch } : {}),
      ...this.serverWindow(model),
      // The log is in order of decisions.
      atMs: heldMs > 0 ? this.clock.nowMs() : atMs,
      ...(heldMs > 0 ? { heldMs: Math.round(heldMs) } : {}),
    };
    const eventId = this.record(optimized, detection);
    return {
      requestId,
      dialect,
      model,
      features,
      templateId,
      conversation,
      mode,
      safeguard,
      clientWindow,
      runner,
      decision,
      original,
      body: body ?? input.body,
      imposed,
      overflow: imposed ? overflow : 'cut',
      refusals: 0,
      cutBy: 0,
      batch: imposed ? batch : null,
      failedLoads: 0,
      ticket: imposed ? ticket : null,
      pass: imposed ? pass : null,
      heldMs,
      eventId,
    };
  }

  /** A model that has `PARAMETER num_ctx` gets that. */
  private serverWindow(model: string): Pick<RequestOptimizedV1, 'serverWindow'> {
    const window = this.catalogue.facts(model)?.modelfileNumCtx ?? this.settings.serverWindow;
    return window === null ? {} : { serverWindow: window };
  }

  /** A model that has tripped passes through whole: there is nobody to compare with. */
  private whyAsItCame(session: Session): Exchange['safeguard'] {
    if (this.safeguards.passesThrough(session.model)) return 'tripped';
    return isControl(this.secret.secret, this.settings.controlShare, session) ? 'control' : null;
  }

  private async inTurn(asked: Asked, client: Leaving): Promise<Decided | 'busy' | 'gone'> {
    const pass = this.gates.enter(this.runners.runnerOf(asked.model), asked, client);
    if (pass === 'full') return 'busy';
    try {
      return (await this.turns.decide(asked, pass)) ?? 'gone';
    } catch (error) {
      pass.leave();
      throw error;
    }
  }

  /** Nothing was decided for it, and it is not sent: that it came is all there is to tell. */
  private turnAway(why: 'busy' | 'gone', requestId: string, { model, features }: Asked, atMs: number): Unsent {
    const heldMs = Math.max(0, this.clock.nowMs() - atMs);
    const data = { requestId, model, route: features.route, why, heldMs, atMs: this.clock.nowMs() };
    this.log.record(`request-${requestId}`, { type: 'request.turned-away', data }, { correlationId: requestId });
    return why;
  }

  /** A new template comes before the request that made it known: folds meet them in that order. */
  private record(optimized: RequestOptimizedV1, detection: Detection): string {
    const { requestId, decision } = optimized;
    for (const event of detection.events) {
      this.log.record(`template-${event.data.templateId}`, event, { correlationId: requestId });
    }
    this.recent.add({
      id: requestId,
      atMs: optimized.atMs,
      model: optimized.model,
      route: optimized.route,
      client: optimized.client,
      rule: decision.rule,
      numCtx: decision.numCtx,
      imposed: optimized.imposed,
      templateId: optimized.templateId,
      need: decision.inputs.need,
      loadedWindow: decision.inputs.loadedWindow,
      outcome: null,
    });
    return this.log.record(
      `request-${requestId}`,
      { type: 'request.optimized', data: optimized },
      { correlationId: requestId },
    );
  }
}

/** Nearly every body carries no such options, for a runner that was started with none: it is not read again. */
function shared(body: Buffer, { fixedOptions }: Asked, options: SharedOptions | null): Buffer {
  if (options === null || (fixedOptions === '' && options.size === 0)) return body;
  return imposeSharedOptions(body, options) ?? body;
}

/** Who insists on a window of its own also gets what Ollama does with prompts that exceed it. */
function overflowOf({ truncate }: InferenceRequest, { rule }: Decision): Overflow {
  if (truncate === false) return 'refuse-client';
  return rule === 'client-exact' ? 'cut' : 'refuse';
}
