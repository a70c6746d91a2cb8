import type { EventStore, ReadModelStore } from '@rightsize/event-store';
import type { PolicyComparison, PolicyParameters } from '@rightsize/optimizer-core';
import { PolicyRegister } from './policy-register.js';
import type { Stretch } from './read-traffic.js';
import { retrainPolicy } from './retrain-policy.js';
import { whatIfOfLog, type OnDoing } from './what-if-log.js';
import type { AskedSettings, WhatIf } from './what-if.js';

/** Replays of the log that take from seconds to minutes of a processor. Plain data: it goes to a thread. */
export type LogTask =
  | { readonly kind: 'retrain'; readonly model: string | null; readonly base: PolicyParameters }
  | {
      readonly kind: 'what-if';
      readonly stretch: Stretch;
      readonly model: string | null;
      readonly asked: AskedSettings;
    };

export type LogTaskResult =
  | { readonly policyId: string; readonly comparison: PolicyComparison }
  | { readonly kind: 'too-little'; readonly requests: number; readonly needed: number }
  | WhatIf
  | { readonly requests: 0 };

export interface TaskStorage {
  readonly store: EventStore;
  readonly readModels: ReadModelStore;
}

/** Does it here and now. A candidate that was trained is in the log when this resolves. */
export async function doLogTask(
  { store, readModels }: TaskStorage,
  task: LogTask,
  onDoing: OnDoing,
): Promise<LogTaskResult> {
  const register = await PolicyRegister.open(store, readModels);
  if (task.kind === 'what-if') return (await whatIfOfLog(store, register, task, onDoing)) ?? { requests: 0 };
  const { model, base } = task;
  const result = await retrainPolicy(store, { model, base, onProgress: onDoing });
  if (result.kind === 'too-little') return result;
  await register.recordTrained(result.trained);
  const { policyId, comparison } = result.trained;
  return { policyId, comparison };
}
