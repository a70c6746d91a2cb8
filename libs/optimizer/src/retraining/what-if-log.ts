import type { EventStore } from '@rightsize/event-store';
import { learntMachine, type LearntMachine } from '@rightsize/ollama-model';
import type { PolicyRegister } from './policy-register.js';
import { knowledgeAt, readTraffic, type Stretch } from './read-traffic.js';
import { whatIf, type AskedSettings, type WhatIf } from './what-if.js';

/** `share`: 0 to 1 of what is being done. */
export type OnDoing = (doing: string, share: number) => void;

/** Replays the traffic of a stretch of the log under other settings. Null: there is none. */
export async function whatIfOfLog(
  store: EventStore,
  register: PolicyRegister,
  { stretch, model, asked }: { stretch: Stretch; model: string | null; asked: AskedSettings },
  onDoing: OnDoing = () => undefined,
): Promise<WhatIf | null> {
  const reading =
    (doing: string) =>
    (at: number, head: number): void =>
      onDoing(doing, head === 0 ? 1 : at / head);
  const { requests, last } = await readTraffic(store, stretch, model, reading('reading'));
  if (requests.length === 0) return null;
  const [before, after] = await knowledgeAt(store, { to: last }, [requests[0]!.position], reading('learning'));
  const active = (of: string) => register.policies.of(of);
  const models = [...new Set(requests.map((request) => request.model))];
  const machines = new Map(
    models.map((name): [string, LearntMachine] => {
      const own = requests.filter((request) => request.model === name);
      return [name, learntMachine(name, own, after!.get(name)!, active(name))];
    }),
  );
  onDoing('replaying', 0);
  return whatIf(requests, active, { machines, knowledge: before! }, asked);
}
