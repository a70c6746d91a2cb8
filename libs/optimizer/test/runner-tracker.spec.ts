import type { LoadedModel } from '../src/backend.js';
import { RunnerTracker } from '../src/runner-tracker.js';

function loaded(window: number, over: Partial<LoadedModel> = {}): LoadedModel {
  return { model: 'm:latest', window, sizeBytes: 100, sizeVramBytes: 100, expiresInMs: null, ...over };
}

function given() {
  const clock = { now: 1_000, nowMs: () => clock.now, monotonicMs: () => clock.now };
  const server = {
    models: [] as LoadedModel[],
    fails: false,
    loaded: () => (server.fails ? Promise.reject(new Error('refused')) : Promise.resolve(server.models)),
  };
  return { clock, server, tracker: new RunnerTracker(server, clock, { pollMs: 1000, staleMs: 2500 }) };
}

describe('what a runner tracker believes', () => {
  it('is nothing before the first look, and what the server shows after it', async () => {
    const { server, tracker } = given();
    server.models = [loaded(8192)];
    expect(tracker.view('m:latest')).toBeNull();
    await tracker.look();
    expect(tracker.view('m:latest')).toMatchObject({ window: 8192, source: 'ps' });
  });

  it('is what a request of ours asked for, while the server still shows the old window', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    tracker.ask('m:latest', 8192);
    clock.now += 10;
    await tracker.look();
    expect(tracker.view('m:latest')).toMatchObject({ window: 8192, source: 'decision' });
  });

  it('is what a request of ours asked for, while the model loads and the server shows nothing', async () => {
    const { tracker } = given();
    tracker.ask('m:latest', 8192);
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });

  it('is the newer of two windows that are being asked for', () => {
    const { tracker } = given();
    const first = tracker.ask('m:latest', 4096);
    tracker.ask('m:latest', 8192);
    first.answered();
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });

  it('stays with an answered request although a look that began before it shows the old window', async () => {
    const { server, tracker, clock } = given();
    let answerLook: (models: LoadedModel[]) => void = () => undefined;
    server.loaded = () => new Promise((resolve) => (answerLook = resolve));
    const ticket = tracker.ask('m:latest', 8192);
    const look = tracker.look();
    clock.now += 5;
    ticket.answered();
    answerLook([loaded(4096)]);
    await look;
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });

  it('goes back to the server when a request of ours ended without an answer', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    const ticket = tracker.ask('m:latest', 8192);
    clock.now += 10;
    ticket.ended();
    expect(tracker.stale).toBe(true);
    expect(tracker.view('m:latest')?.window).toBe(4096);
  });

  it('is nothing once the runner has expired, unless a request of ours keeps it busy', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096, { expiresInMs: 1_000 })];
    await tracker.look();
    clock.now = 2_500;
    expect(tracker.view('m:latest')).toBeNull();
    tracker.ask('m:latest', 4096);
    expect(tracker.view('m:latest')?.window).toBe(4096);
  });

  it('is there while the server shows it, though its clock says that it has long expired', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096, { expiresInMs: -3_600_000 })];
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(4096);
    clock.now += 1_001;
    expect(tracker.mustLook('m:latest')).toBe(true);
  });

  it('is nothing once a later look no longer shows the runner', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    server.models = [];
    clock.now += 10;
    await tracker.look();
    expect(tracker.view('m:latest')).toBeNull();
  });
});

describe('a look that fails', () => {
  it('keeps what was known, says why, and stays stale', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    server.fails = true;
    clock.now += 3_000;
    await tracker.look();
    expect(tracker.failure).toBe('refused');
    expect(tracker.stale).toBe(true);
    expect(tracker.view('m:latest')?.window).toBe(4096);
  });
});

describe('the memory a tracker has seen', () => {
  it('limits windows only between one wholly on the GPU and a larger one that was not', async () => {
    const { server, tracker, clock } = given();
    const look = async (model: LoadedModel) => {
      clock.now += 10;
      server.models = [model];
      await tracker.look();
      return tracker.seenMemoryWindow('m:latest');
    };
    expect(await look(loaded(8192, { sizeVramBytes: 80 }))).toBeNull();
    expect(await look(loaded(4096))).toBe(4096);
  });

  it('limits nothing on a server that reports a part on the GPU whatever the window', async () => {
    const { server, tracker } = given();
    server.models = [loaded(4096, { sizeVramBytes: 45 })];
    await tracker.look();
    expect(tracker.seenMemoryWindow('m:latest')).toBeNull();
  });
});

describe('names of one model file', () => {
  it('share what is believed of its runner', async () => {
    const { server, clock } = given();
    const tracker = new RunnerTracker(server, clock, { pollMs: 1000, staleMs: 2500 }, () => 'blob');
    server.models = [loaded(8192)];
    await tracker.look();
    expect(tracker.view('alias:latest')?.window).toBe(8192);
  });
});

describe('a server that does not say all', () => {
  it('shows models without windows: what an answer confirmed stays, until it is not shown any more', async () => {
    const { server, tracker, clock } = given();
    tracker.ask('m:latest', 8192).answered();
    server.models = [loaded(0, { window: null })];
    clock.now += 10;
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });

  it('never shows anything: what an answer confirmed stays', async () => {
    const { tracker, clock } = given();
    tracker.ask('m:latest', 8192).answered();
    clock.now += 10;
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });

  it('shows what is not so: after two loads in vain, what answers confirmed counts', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    for (let lie = 0; lie < 2; lie += 1) {
      tracker.ask('m:latest', 8192).answered();
      clock.now += 10;
      await tracker.look();
      expect(tracker.view('m:latest')?.window).toBe(4096);
      const pinned = tracker.ask('m:latest', 4096);
      pinned.answered();
      pinned.ended();
      pinned.pinned(true);
    }
    tracker.ask('m:latest', 8192).answered();
    clock.now += 10;
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(8192);
  });
});

describe('somebody who goes past the gateway', () => {
  it('is noticed when the window changes that nobody of ours asked for, and is not fought for a while', async () => {
    const { server, tracker, clock } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    expect(tracker.isContested('m:latest')).toBe(false);
    server.models = [loaded(16_384)];
    await tracker.look();
    expect(tracker.isContested('m:latest')).toBe(true);
    clock.now += 31_000;
    expect(tracker.isContested('m:latest')).toBe(false);
    server.models = [loaded(4096)];
    await tracker.look();
    clock.now += 31_000;
    expect(tracker.isContested('m:latest')).toBe(true);
  });

  it('is noticed by the load of a request that should have met its runner', () => {
    const { tracker } = given();
    const ticket = tracker.ask('m:latest', 4096);
    ticket.answered();
    ticket.ended();
    ticket.pinned(true);
    expect(tracker.isContested('m:latest')).toBe(true);
  });

  it('is noticed when the model was gone for a moment, as it is while it loads', async () => {
    const { server, tracker } = given();
    for (const models of [[loaded(4096)], [], [loaded(16_384)]]) {
      server.models = models;
      await tracker.look();
    }
    expect(tracker.isContested('m:latest')).toBe(true);
  });

  it('is nobody when the change was ours', async () => {
    const { server, tracker } = given();
    server.models = [loaded(4096)];
    await tracker.look();
    tracker.ask('m:latest', 8192);
    server.models = [loaded(8192)];
    await tracker.look();
    expect(tracker.isContested('m:latest')).toBe(false);
  });
});

describe('a switch that the server shows before it answers', () => {
  it('is told to those who wait for it, once it is no longer the window of before', async () => {
    const { server, tracker } = given();
    const shown: string[] = [];
    tracker.watch(
      () => true,
      (runner) => shown.push(runner),
    );
    server.models = [loaded(4096)];
    await tracker.look();
    tracker.ask('m:latest', 8192);
    await tracker.look();
    expect(shown).toEqual([]);
    server.models = [loaded(8192)];
    await tracker.look();
    expect(shown).toEqual(['m:latest']);
  });
});

describe('a clock that is set', () => {
  it('moves nothing but stamps: durations are measured on another', async () => {
    const clock = { wall: 1e12, mono: 0, nowMs: () => clock.wall, monotonicMs: () => clock.mono };
    const tracker = new RunnerTracker(
      { ...given().server, loaded: () => Promise.resolve([loaded(4096, { expiresInMs: 300_000 })]) },
      clock,
      { pollMs: 1000, staleMs: 2500 },
    );
    await tracker.look();
    for (const wall of [0, 2e12]) {
      clock.wall = wall;
      clock.mono += 100;
      expect([tracker.stale, tracker.view('m:latest')?.window]).toEqual([false, 4096]);
    }
    tracker.ask('m:latest', 8192).answered();
    await tracker.look();
    expect(tracker.view('m:latest')?.window).toBe(4096);
  });
});
