import {
  EventStoreError,
  ProjectionRunner,
  rebuildBeside,
  verifyReadModels,
  type EventStore,
  type ReadModelStore,
  type RebuildBesideOptions,
} from '@rightsize/event-store';
import { CountingProjection } from './counting-projection.js';
import { sampleEvent, sampleEvents } from './sample-events.js';

export interface Stores {
  readonly store: EventStore;
  readonly readModels: ReadModelStore;
}

/** What a runner must do on every pair of stores. `open` gives empty ones. */
export function projectionRunnerContract(open: () => Promise<Stores>): void {
  let stores: Stores;
  let runners: ProjectionRunner[];
  beforeEach(async () => {
    stores = await open();
    runners = [];
  });
  afterEach(async () => {
    await Promise.all(runners.map((runner) => runner.stop()));
    await stores.store.close();
  });

  const run = (projections: readonly CountingProjection[], pageSize = 3): ProjectionRunner => {
    const runner = new ProjectionRunner(stores.store, stores.readModels, projections, { pageSize, pollMs: 0 });
    runners.push(runner);
    return runner;
  };
  const rows = (version = 1): Record<string, unknown> =>
    Object.fromEntries(stores.readModels.rows('counting', version));

  it('catches up from the beginning in pages, then is live', async () => {
    await stores.store.append('a', sampleEvents(7));
    const projection = new CountingProjection();
    const runner = run([projection]);
    await runner.start();

    expect(rows()).toEqual({ a: { count: 7 } });
    expect(projection.commits).toEqual([3, 6, 7]);
    expect(runner.status()).toEqual([
      { name: 'counting', version: 1, position: 7, lag: 0, state: 'live', error: null, parkedAt: null },
    ]);
  });

  it('follows what is appended while it runs', async () => {
    const runner = run([new CountingProjection()]);
    await runner.start();
    await Promise.all(Array.from({ length: 40 }, (_, i) => stores.store.append(`s${i % 4}`, sampleEvents(2))));
    await runner.waitFor(await stores.store.head());

    expect(rows()).toEqual({ s0: { count: 20 }, s1: { count: 20 }, s2: { count: 20 }, s3: { count: 20 } });
  });

  it('folds every event once over restarts at any point', async () => {
    for (let restart = 0; restart < 5; restart += 1) {
      const runner = run([new CountingProjection()], 2);
      void runner.start();
      await stores.store.append('a', sampleEvents(5));
      await runner.waitFor(restart * 5 + 1);
      await runner.stop();
    }
    const last = run([new CountingProjection()]);
    await last.start();

    expect(rows()).toEqual({ a: { count: 25 } });
    expect(await verifyReadModels(stores.store, stores.readModels, [new CountingProjection()])).toEqual([]);
  });

  it('moves the checkpoint over events of types it does not fold', async () => {
    await stores.store.append('a', [...sampleEvents(1), ...sampleEvents(6, { type: 'other' })]);
    const runner = run([new CountingProjection()]);
    await runner.start();

    expect(stores.readModels.checkpoint('counting', 1)).toBe(7);
    expect(rows()).toEqual({ a: { count: 1 } });
  });

  it('takes back what a failing fold did to its batch, stops that projection, and no other', async () => {
    await stores.store.append('a', sampleEvents(5));
    const poison = sampleEvent();
    await stores.store.append('a', [poison, sampleEvent()]);
    const onApply = (event: { readonly id: string }): void => {
      if (event.id === poison.id) throw new Error('poisoned');
    };
    const failing = new CountingProjection({ name: 'failing', onApply });
    let reached = (): void => {};
    const others = new Promise<void>((resolve) => (reached = resolve));
    const onCommitted = (position: number): void => (position === 8 ? reached() : undefined);
    const runner = run([failing, new CountingProjection({ onCommitted })]);
    await runner.start();
    await stores.store.append('a', sampleEvents(1));
    await others;

    expect(runner.status()[0]).toMatchObject({ state: 'stopped', position: 5, error: { message: 'poisoned' } });
    expect(failing.counts).toEqual({ a: 5 });
    await expect(runner.waitFor(8)).rejects.toMatchObject({
      name: 'ProjectionStoppedError',
      projection: 'failing',
      message: 'projection failing stopped at position 5: poisoned',
    });
    expect(Object.fromEntries(stores.readModels.rows('failing', 1))).toEqual({ a: { count: 5 } });
    expect(rows()).toEqual({ a: { count: 8 } });
  });

  it('parks the event that cannot be folded, and goes on without it only when somebody skips it', async () => {
    const poison = sampleEvent();
    await stores.store.append('a', [sampleEvent(), poison, sampleEvent()]);
    const onApply = (event: { readonly id: string }): void => {
      if (event.id === poison.id) throw new Error('poisoned');
    };
    const runner = run([new CountingProjection({ onApply })]);
    await runner.start();

    const { parked } = stores.readModels;
    expect(runner.status()[0]).toMatchObject({ state: 'stopped', position: 1, parkedAt: 2 });
    expect(parked.list('counting', 1)).toMatchObject([
      { position: 2, eventId: poison.id, type: 'sample', error: expect.stringContaining('poisoned'), skipped: false },
    ]);
    expect(parked.list('counting', 2)).toEqual([]);
    await runner.stop();
    const again = run([new CountingProjection({ onApply })]);
    await again.start();
    expect(again.status()[0]).toMatchObject({ state: 'stopped', position: 1, parkedAt: 2 });

    expect(parked.skip('counting', 1, 3)).toBe(false);
    expect(parked.skip('counting', 1, 2)).toBe(true);
    await stores.store.append('a', sampleEvents(1));
    await again.waitFor(4);
    expect(rows()).toEqual({ a: { count: 3 } });
    expect(again.status()[0]).toMatchObject({ error: null, parkedAt: null });
    expect(parked.list('counting', 1)).toMatchObject([{ position: 2, skipped: true }]);
    expect(await verifyReadModels(stores.store, stores.readModels, [new CountingProjection({ onApply })])).toEqual([]);
  });

  it('stops a projection whose commit fails with rows and memory as they were', async () => {
    await stores.store.append('a', sampleEvents(3));
    let commits = 0;
    const onFlush = (): void => {
      commits += 1;
      if (commits === 2) throw new Error('flush');
    };
    const projection = new CountingProjection({ onFlush });
    const runner = run([projection]);
    await runner.start();
    await stores.store.append('b', sampleEvents(1));
    await expect(runner.waitFor(4)).rejects.toThrow('flush');

    expect(rows()).toEqual({ a: { count: 3 } });
    expect(projection.counts).toEqual({ a: 3 });
  });

  it('loads anew and goes on when another runner has moved the checkpoint: together they count once', async () => {
    const both = [run([new CountingProjection()]), run([new CountingProjection()])];
    await Promise.all(both.map((runner) => runner.start()));
    for (let i = 0; i < 30; i += 1) await stores.store.append('a', sampleEvents(2));
    await Promise.all(both.map(async (runner) => runner.waitFor(await stores.store.head())));

    expect(rows()).toEqual({ a: { count: 60 } });
    expect(both.flatMap((runner) => runner.status().map((status) => status.error))).toEqual([null, null]);
  });

  it('builds a higher version beside the old one and drops the old one only when it has caught up', async () => {
    await stores.store.append('a', sampleEvents(9));
    await run([new CountingProjection()]).start();
    await runners[0]!.stop();
    const seen: (readonly number[])[] = [];
    const onFlush = (): void => {
      seen.push([...stores.readModels.versions('counting'), Number(rows()['a'] !== undefined)]);
    };
    await run([new CountingProjection({ version: 2, onFlush })]).start();

    expect(seen).toEqual([
      [1, 1],
      [1, 2, 1],
      [1, 2, 1],
    ]);
    expect(stores.readModels.versions('counting')).toEqual([2]);
    expect([rows(1), rows(2)]).toEqual([{}, { a: { count: 18 } }]);
  });

  it('leaves a higher version alone: it belongs to a newer program that may come back', async () => {
    await stores.store.append('a', sampleEvents(2));
    await run([new CountingProjection({ version: 3 })]).start();
    await run([new CountingProjection({ version: 2 })]).start();

    expect(stores.readModels.versions('counting')).toEqual([2, 3]);
  });

  describe('with commits that are delayed', () => {
    const LONG_MS = 3_600_000;
    const runLazily = (projection: CountingProjection, commitDelayMs = LONG_MS): ProjectionRunner => {
      const runner = new ProjectionRunner(stores.store, stores.readModels, [projection], {
        pageSize: 3,
        pollMs: 0,
        commitDelayMs,
      });
      runners.push(runner);
      return runner;
    };
    /** Live, and the events are folded but not committed. */
    const foldedAhead = async (projection: CountingProjection, events: number): Promise<ProjectionRunner> => {
      const runner = runLazily(projection);
      await runner.start();
      await stores.store.append('a', sampleEvents(events));
      await runner.waitFor(events);
      return runner;
    };

    it('catches up with one commit, folds pages as they come, and commits what is left when it stops', async () => {
      await stores.store.append('a', sampleEvents(7));
      const projection = new CountingProjection();
      const runner = runLazily(projection);
      await runner.start();
      expect(projection.commits).toEqual([7]);
      await stores.store.append('a', sampleEvents(8));
      await runner.waitFor(15);

      expect([projection.counts, rows()]).toEqual([{ a: 15 }, { a: { count: 7 } }]);
      await runner.stop();
      expect(rows()).toEqual({ a: { count: 15 } });
      expect(projection.commits).toEqual([7, 15]);
    });

    it('commits once the delay is over, though nothing more is appended', async () => {
      let committed = (): void => {};
      const commit = new Promise<void>((resolve) => (committed = resolve));
      const projection = new CountingProjection({ onCommitted: () => committed() });
      const runner = runLazily(projection, 5);
      await runner.start();
      await stores.store.append('a', sampleEvents(2));
      await commit;

      expect(rows()).toEqual({ a: { count: 2 } });
      expect(stores.readModels.checkpoint('counting', 1)).toBe(2);
    });

    it('lets the next process fold again what a killed one had not committed', async () => {
      await foldedAhead(new CountingProjection(), 5);
      expect(rows()).toEqual({});
      const next = run([new CountingProjection()]);
      await next.start();

      expect(rows()).toEqual({ a: { count: 5 } });
    });

    it('counts once together with another runner that has moved the checkpoint meanwhile', async () => {
      const projection = new CountingProjection();
      const lazy = await foldedAhead(projection, 4);
      await run([new CountingProjection()]).start();
      await lazy.stop();
      expect(rows()).toEqual({ a: { count: 4 } });
      expect(projection.counts).toEqual({ a: 4 });
    });

    it('commits all that comes before an event that cannot be folded, though it was folded pages ago', async () => {
      const poison = sampleEvent();
      const onApply = (event: { readonly id: string }): void => {
        if (event.id === poison.id) throw new Error('poisoned');
      };
      const projection = new CountingProjection({ onApply });
      const runner = await foldedAhead(projection, 4);
      await stores.store.append('a', [...sampleEvents(4), poison, sampleEvent()]);
      await expect(runner.waitFor(10)).rejects.toThrow('projection counting stopped at position 8: poisoned');

      expect(rows()).toEqual({ a: { count: 8 } });
      expect(projection.counts).toEqual({ a: 8 });
      expect(stores.readModels.parked.list('counting', 1)).toMatchObject([{ position: 9, eventId: poison.id }]);
    });

    it('folds again what could not be committed', async () => {
      let broken = false;
      const onFlush = (): void => {
        if (broken) throw new EventStoreError('locked', 'for now');
      };
      const projection = new CountingProjection({ onFlush });
      const runner = runLazily(projection, 1);
      await runner.start();
      broken = true;
      await stores.store.append('a', sampleEvents(2));
      while (runner.status()[0]!.error === null) await new Promise((resolve) => setImmediate(resolve));
      expect(runner.status()[0]).toMatchObject({ position: 0, state: 'live', error: { code: 'locked' } });
      broken = false;
      await stores.store.append('a', sampleEvents(1));
      await runner.waitFor(3);
      await runner.stop();

      expect(rows()).toEqual({ a: { count: 3 } });
    });
  });

  it('misses nothing when a commit fails in the middle of a page', async () => {
    let commits = 0;
    const onFlush = (): void => {
      commits += 1;
      if (commits % 3 === 2) throw new EventStoreError('locked', 'for now');
    };
    const projection = new CountingProjection({ onFlush });
    const runner = new ProjectionRunner(stores.store, stores.readModels, [projection], {
      pageSize: 40,
      pollMs: 1,
      commitDelayMs: 1,
      liveTurnMs: 0,
    });
    runners.push(runner);
    await runner.start();
    for (let i = 1; i <= 5; i += 1) {
      await stores.store.append('a', sampleEvents(40));
      await runner.waitFor(40 * i);
    }
    await runner.stop();
    await run([new CountingProjection()]).start();

    expect(commits).toBeGreaterThan(2);
    expect(rows()).toEqual({ a: { count: 200 } });
  });

  describe('rebuilt beside itself', () => {
    const rebuild = (projection: CountingProjection, options: RebuildBesideOptions = {}) =>
      rebuildBeside(stores.store, stores.readModels, projection, { pageSize: 4, ...options });
    const damage = (position: number): void =>
      stores.readModels.commit('counting', 1, position, position, (writer) => {
        writer.put('a', { count: 99 });
        writer.put('made up', { count: 1 });
      });

    it('takes over what the log gives, tells what was otherwise, and its live runner loads anew', async () => {
      const live = run([new CountingProjection()]);
      await live.start();
      await stores.store.append('a', sampleEvents(11));
      await live.waitFor(11);
      damage(11);

      const report = await rebuild(new CountingProjection());
      expect(report).toMatchObject({ from: 0, rows: 1, comparedWith: 1, switched: true });
      expect(report.differences.map(({ key, kind }) => [key, kind])).toEqual([
        ['a', 'different'],
        ['made up', 'unexpected'],
      ]);
      await stores.store.append('a', sampleEvents(2));
      await live.waitFor(13);
      expect(rows()).toEqual({ a: { count: 13 } });
      expect(stores.readModels.versions('counting~rebuild')).toEqual([]);
    });

    it('equals what is in use when nothing is wrong', async () => {
      await stores.store.append('a', sampleEvents(8));
      await run([new CountingProjection()]).start();

      expect(await rebuild(new CountingProjection())).toMatchObject({ differences: [], rows: 1, switched: true });
      expect(stores.readModels.checkpoint('counting', 1)).toBe(7);
      await run([new CountingProjection()]).start();
      expect(rows()).toEqual({ a: { count: 8 } });
    });

    it('changes nothing in a dry run', async () => {
      await stores.store.append('a', sampleEvents(8));
      await run([new CountingProjection()]).start();
      await runners[0]!.stop();
      damage(8);

      expect((await rebuild(new CountingProjection(), { dryRun: true })).differences).toHaveLength(2);
      expect(rows()).toEqual({ a: { count: 99 }, 'made up': { count: 1 } });
      expect(stores.readModels.versions('counting~rebuild')).toEqual([]);
    });

    it('goes on where it was interrupted', async () => {
      await stores.store.append('a', sampleEvents(10));
      const onApply = (event: { readonly position: number }): void => {
        if (event.position === 7) throw new Error('killed');
      };
      await expect(rebuild(new CountingProjection({ onApply }))).rejects.toThrow('killed');
      const folded: number[] = [];
      const second = new CountingProjection({ onApply: ({ position }) => folded.push(position) });

      expect(await rebuild(second)).toMatchObject({ from: 4, to: 10, comparedWith: null });
      expect(folded).toEqual([5, 6, 7, 8, 9, 10]);
      expect(rows()).toEqual({ a: { count: 10 } });
    });

    it('builds a new version beside the old one, which stays in use until its program goes', async () => {
      await stores.store.append('a', sampleEvents(5));
      await run([new CountingProjection()]).start();

      expect(await rebuild(new CountingProjection({ version: 2 }))).toMatchObject({
        to: 5,
        comparedWith: 1,
        differences: [{ key: 'a', kind: 'different' }],
      });
      expect([rows(1), rows(2)]).toEqual([{ a: { count: 5 } }, { a: { count: 10 } }]);
    });
  });
}
