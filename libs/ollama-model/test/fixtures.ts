import {
  OllamaMachine,
  PROFILES,
  builtInModels,
  chatPrompt,
  parseVersion,
  pseudoText,
  resolveOptions,
  rulesOf,
  type Hardware,
  type MachineEvent,
  type MachineSettings,
  type ModelCard,
  type Outcome,
  type ServerDefaults,
  type Submission,
} from '../src/index.js';

export function defaultsOf(version = '0.34.4', numCtx = 4096, numCtxExplicit = false): ServerDefaults {
  const parsed = parseVersion(version);
  if (parsed === null) throw new Error(version);
  return { numCtx, numCtxExplicit, rules: rulesOf(parsed) };
}

export function modelNamed(name: string, hardware: Hardware = PROFILES.gpu8): ModelCard {
  const found = builtInModels(hardware).find((model) => model.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

export const LLAMA = modelNamed('llama3.2:latest');
export const QWEN = modelNamed('qwen3:latest');
export const SMALL = modelNamed('llama3.2:1b');
export const EMBED = modelNamed('nomic-embed-text:latest');

export function machineWith(settings: Partial<MachineSettings> = {}): OllamaMachine {
  return new OllamaMachine({
    hardware: PROFILES.gpu8,
    defaults: defaultsOf(),
    parallel: 1,
    maxLoaded: 3,
    maxQueue: 512,
    ...settings,
  });
}

export interface Ask {
  readonly model?: ModelCard;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly shift?: boolean | null;
  readonly keepAliveNs?: number | null;
  /** Text of the only message; null only loads. */
  readonly text?: string | null;
  readonly answerTokens?: number;
  readonly truncate?: boolean | null;
  readonly defaults?: ServerDefaults;
}

export function submission(id: number, wanted: Ask = {}): Submission {
  const model = wanted.model ?? LLAMA;
  const resolved = resolveOptions(model, wanted.options ?? {}, wanted.shift ?? null, wanted.defaults ?? defaultsOf());
  if (!resolved.ok) throw new Error(resolved.message);
  const text = wanted.text === undefined ? 'hello' : wanted.text;
  const work =
    text === null
      ? ({ kind: 'load' } as const)
      : ({
          kind: 'completion',
          prompt: chatPrompt(model, [{ role: 'user', content: text }], '', wanted.truncate ?? null),
          answer: pseudoText(text, 0, wanted.answerTokens ?? 10),
        } as const);
  return { id, model, options: resolved.options, keepAliveNs: wanted.keepAliveNs ?? null, work };
}

/** Lets time run until nothing happens any more, or until `untilNs`. */
export function runOn(machine: OllamaMachine, untilNs = Infinity): MachineEvent[] {
  const events: MachineEvent[] = [];
  for (let next = machine.nextEventAt(); next !== null && next <= untilNs; next = machine.nextEventAt()) {
    events.push(...machine.advance(next));
    if (machine.pending === 0 && untilNs === Infinity) break;
  }
  if (untilNs !== Infinity) events.push(...machine.advance(untilNs));
  return events;
}

export function outcomesOf(events: readonly MachineEvent[]): Map<number, Outcome> {
  return new Map(events.flatMap((event) => (event.type === 'finished' ? [[event.id, event.outcome] as const] : [])));
}

/** Submits one request, runs it to its end and returns what came of it. */
export function ask(machine: OllamaMachine, id: number, request: Ask = {}): Outcome {
  const events = [...machine.submit(submission(id, request)), ...runOn(machine)];
  const outcome = outcomesOf(events).get(id);
  if (outcome === undefined) throw new Error(`request ${id} did not end`);
  return outcome;
}

/** As {@link ask}, for requests that must succeed: did the model load for it? */
export function reloaded(machine: OllamaMachine, id: number, request: Ask = {}): boolean {
  const outcome = ask(machine, id, request);
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.final.loadNs >= 250_000_000;
}

export const SECOND = 1e9;
