import { ConflictException } from '@nestjs/common';
import { InMemoryEventStore, InMemoryReadModelStore } from '@rightsize/event-store';
import type { AdminRequest } from '../src/access/admin.guard.js';
import { PoliciesController } from '../src/controllers/policies.controller.js';
import { WhatIfController } from '../src/controllers/what-if.controller.js';
import { Jobs } from '../src/jobs.js';

/** An instance whose log is empty, and whose replays last until they are told to end. */
function world() {
  const ends: ((result: object) => void)[] = [];
  const tasks: object[] = [];
  const acts: string[] = [];
  const inspection = {
    storage: { store: new InMemoryEventStore(), readModels: new InMemoryReadModelStore() },
    replay: (task: object) => {
      tasks.push(task);
      return new Promise((resolve) => ends.push(resolve));
    },
  };
  const service = { audit: ({ action }: { action: string }) => void acts.push(action) };
  const jobs = new Jobs();
  const parts = [inspection, service, jobs] as unknown as ConstructorParameters<typeof PoliciesController>;
  return {
    policies: new PoliciesController(...parts),
    whatIf: new WhatIfController(...parts),
    jobs,
    ends,
    tasks,
    acts,
  };
}

const request = { adminBy: 'key' } as AdminRequest;

describe('replays that are asked for', () => {
  it('retrain for the same model one at a time, for others beside one another', async () => {
    const { policies, jobs, ends, tasks, acts } = world();
    const first = await policies.retrain({ model: 'm:latest' }, request);
    await expect(policies.retrain({ model: 'm:latest' }, request)).rejects.toThrow(ConflictException);
    await policies.retrain({}, request);
    expect(tasks).toMatchObject([
      { kind: 'retrain', model: 'm:latest' },
      { kind: 'retrain', model: null },
    ]);
    // What was refused was not done.
    expect(acts).toEqual(['policy.retrain', 'policy.retrain']);
    for (const end of ends) end({ kind: 'too-little', requests: 0, needed: 40 });
    while (jobs.get(first.id)?.state === 'running') await Promise.resolve();
    await expect(policies.retrain({ model: 'm:latest' }, request)).resolves.toMatchObject({ state: 'running' });
  });

  it('ask what if of the same model one at a time, under whatever name it goes', async () => {
    const { whatIf, tasks, acts } = world();
    await whatIf.start({ model: 'm', set: [], within: 100 } as never, request);
    const again = whatIf.start({ model: 'm:latest', set: ['headroom=2'], within: 5 } as never, request);
    await expect(again).rejects.toThrow(ConflictException);
    await whatIf.start({ set: [], within: 100 } as never, request);
    expect(tasks).toMatchObject([
      { kind: 'what-if', model: 'm:latest' },
      { kind: 'what-if', model: null },
    ]);
    expect(acts).toEqual(['what-if', 'what-if']);
  });
});
