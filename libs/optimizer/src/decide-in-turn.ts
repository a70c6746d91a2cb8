import { Inject, Injectable } from '@nestjs/common';
import type { QueryBus } from '@nestjs/cqrs';
import {
  widenDecision,
  type BatchDecision,
  type ClientWindowRule,
  type Decision,
  type OperatingMode,
  type RequestFeatures,
  type RunnerView,
} from '@rightsize/optimizer-core';
import { ActivePolicies } from './active-policies.js';
import { Clock } from './clock.js';
import { boundedLook } from './commands/bounded-look.js';
import { MachineView } from './machine-view.js';
import { ModelCatalogue } from './model-catalogue.js';
import { OptionSets } from './option-sets.js';
import { GetSizingView } from './queries/get-sizing-view.query.js';
import { SizingPolicy } from './ports.js';
import { Queries, Settings } from './rightsize.tokens.js';
import { RunnerTracker, type Ticket } from './runner-tracker.js';
import type { RightsizeSettings } from './settings.js';
import type { Pass } from './switch-gates.js';

/** What is asked for, as far as a decision depends on it. */
export interface Asked {
  /** Normalised name. */
  readonly model: string;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  readonly conversation: string | null;
  readonly mode: OperatingMode;
  readonly clientWindow: ClientWindowRule;
  /** Prompt tokens as the server counted them. */
  readonly exactPromptTokens?: number;
  /** The runner-fixed options that it carries, as `fixedOptionsOf` spells them. */
  readonly fixedOptions: string;
  /** A window that was refused, tokens: none below it is tried after that. */
  readonly atLeast?: number;
  /** Tokens that its window has to hold, estimated when it was held; null: it was not. */
  need: number | null;
}

/** Tells tracker and gate how it goes with a request that was sent. */
export interface TurnTicket extends Ticket {
  /** The runner is there and has counted the prompt; the request is to be decided once more. */
  refused(): void;
  /** The server could not load the model; the request is to be decided once more. */
  unloaded(): void;
}

export interface Decided {
  readonly decision: Decision;
  /** What it was decided against. */
  readonly runner: RunnerView | null;
  /** Null: `num_batch` is none of ours to choose. */
  readonly batch: BatchDecision | null;
  /** Null: it is left as it came, or not ours to send. */
  readonly ticket: TurnTicket | null;
  /** The runner-fixed options to send with the window; null: those that it carries. */
  readonly options: SharedOptions | null;
  /** Its way through the gate, for what is to be decided once more. */
  readonly pass: Pass<Asked> | null;
  /** Milliseconds that it was held. */
  readonly heldMs: number;
}

/** By name, as JSON: the same for all that share a runner. */
export type SharedOptions = ReadonlyMap<string, string>;

/** More than these held requests are not asked what they need, when one changes the runner for all. */
const HEARD = 64;

/**
 * Decides a request when its turn has come, against the runner as it is then; docs/decisions/
 * serialised-switches.md says why. Touches memory only as long as nothing is held.
 */
@Injectable()
export class DecideInTurn {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Queries) private readonly queries: QueryBus,
    @Inject(ActivePolicies) private readonly policies: ActivePolicies,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(ModelCatalogue) private readonly catalogue: ModelCatalogue,
    @Inject(OptionSets) private readonly options: OptionSets,
    @Inject(MachineView) private readonly machine: MachineView,
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(SizingPolicy) private readonly sizing: SizingPolicy,
  ) {}

  /** Null: its client has left while it was held. `mayTry`: a batch may be tried with a load that happens anyway. */
  async decide(asked: Asked, pass: Pass<Asked>, turn = pass.turn, mayTry = true): Promise<Decided | null> {
    let sinceMs: number | null = null;
    for (let held = turn; ;) {
      if (held !== null) {
        sinceMs ??= this.clock.monotonicMs();
        asked.need ??= await this.needOf(asked);
        if ((await held) === 'gone') return null;
        const look = boundedLook(this.runners, this.catalogue, asked.model, this.settings.lookMs);
        if (look) await look;
      }
      const decided = await this.forAll(asked, pass);
      const changes = changesRunner(decided) || this.reloadsForShift(asked, decided.decision);
      let options: SharedOptions | null = null;
      let ticket: TurnTicket | null = null;
      let batch: BatchDecision | null = null;
      // Whoever comes next decides against what this one asks for: it has to be known before.
      held = pass.decided(changes, () => {
        ticket = this.ask(asked.model, decided.decision, pass);
        if (!ticket) return;
        options = this.optionsFor(asked, decided);
        batch = this.machine.batchFor(asked.model, decided.decision, decided.runner, mayTry);
      });
      if (held === null) {
        const heldMs = sinceMs === null ? 0 : this.clock.monotonicMs() - sinceMs;
        return { ...decided, ticket, options, batch, pass, heldMs };
      }
    }
  }

  /** Without a gate: for what changes nothing. */
  async alone(asked: Asked): Promise<Decided> {
    const view = await this.queries.execute(viewFor(asked, true));
    const decision = this.sizing.decide({ ...asked, policy: this.policies.of(asked.model), ...view });
    return {
      decision: atLeast(decision, asked.atLeast ?? 0),
      runner: view.runner,
      batch: null,
      ticket: null,
      options: null,
      pass: null,
      heldMs: 0,
    };
  }

  /** Null: the request is left as it came, and is nobody's to wait for. */
  private ask(model: string, { numCtx }: Decision, pass: Pass<Asked>): TurnTicket | null {
    if (numCtx === null) {
      pass.leave();
      return null;
    }
    const ticket = this.runners.ask(model, numCtx);
    const runner = this.runners.runnerOf(model);
    let isAnswered = false;
    return {
      refused: () => {
        isAnswered = true;
        ticket.answered();
        ticket.ended();
      },
      unloaded: () => {
        this.options.forget(runner);
        ticket.ended();
      },
      pinned: (loaded) => {
        if (loaded) this.options.forget(runner);
        ticket.pinned(loaded);
      },
      answered: () => {
        isAnswered = true;
        ticket.answered();
        pass.through();
      },
      ended: () => {
        if (!isAnswered) this.options.forget(runner);
        ticket.ended();
        pass.leave();
      },
    };
  }

  /** One load for all that wait for one: it takes what the largest of them needs. */
  private async forAll(asked: Asked, pass: Pass<Asked>): Promise<Decided> {
    const decided = await this.alone(asked);
    const { decision } = decided;
    if (!changesRunner(decided) || decision.rule === 'client-exact') return decided;
    const behind = pass.behind.slice(0, HEARD).filter(({ clientWindow }) => clientWindow !== 'exact');
    const largest = behind.reduce<Asked | null>((max, one) => ((one.need ?? 0) > (max?.need ?? 0) ? one : max), null);
    if (largest === null || (largest.need ?? 0) <= decision.numCtx!) return decided;
    const wider = await this.alone(largest);
    return { ...decided, decision: widenDecision(decision, wider.decision) };
  }

  private optionsFor({ model, fixedOptions }: Asked, { decision, runner }: Decided): SharedOptions | null {
    const { numCtx, rule } = decision;
    if (numCtx === null || rule === 'client-exact') return null;
    const isLoaded = runner?.window === numCtx;
    return this.options.choose(this.runners.runnerOf(model), numCtx, isLoaded, fixedOptions, this.clock.monotonicMs());
  }

  private reloadsForShift({ model, fixedOptions }: Asked, { numCtx }: Decision): boolean {
    return numCtx !== null && this.options.reloads(this.runners.runnerOf(model), numCtx, fixedOptions);
  }

  private async needOf(asked: Asked): Promise<number> {
    const view = await this.queries.execute(viewFor(asked, false));
    const { inputs } = this.sizing.decide({ ...asked, policy: this.policies.of(asked.model), ...view });
    const floor = asked.clientWindow === 'floor' ? (inputs.clientNumCtx ?? 0) : 0;
    return Math.min(Math.max(inputs.need, floor), inputs.trainedContext ?? Infinity);
  }
}

function atLeast(decision: Decision, window: number): Decision {
  return decision.numCtx === null || decision.numCtx >= window ? decision : { ...decision, numCtx: window };
}

function viewFor({ model, templateId, conversation, mode }: Asked, isPriced: boolean): GetSizingView {
  return new GetSizingView(model, templateId, conversation, mode, isPriced);
}

function changesRunner({ decision, runner }: Pick<Decided, 'decision' | 'runner'>): boolean {
  return decision.numCtx !== null && decision.numCtx !== runner?.window;
}
