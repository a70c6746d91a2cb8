import { Jobs } from '../src/jobs.js';

describe('jobs', () => {
  it('of one kind and target run one at a time', async () => {
    const jobs = new Jobs();
    let end!: () => void;
    const running = new Promise<void>((resolve) => (end = resolve));
    const first = jobs.start('rebuild', 'a', () => running)!;
    expect(jobs.start('rebuild', 'a', async () => undefined)).toBeNull();
    expect(jobs.start('rebuild', 'b', async () => undefined)).not.toBeNull();
    end();
    await running;
    await Promise.resolve();
    expect(jobs.get(first.id)).toMatchObject({ state: 'done', progress: 1, error: null });
    expect(jobs.start('rebuild', 'a', async () => undefined)).not.toBeNull();
  });

  it('tell how far they are, and why they failed', async () => {
    const jobs = new Jobs();
    const failing = new Error('no');
    let step!: (doing: string, share: number) => void;
    const work = new Promise<never>(
      (_resolve, reject) => (step = (doing, share) => (doing === 'fail' ? reject(failing) : void share)),
    );
    let progress!: (doing: string, share: number) => void;
    const { id } = jobs.start('train', '*', (report) => ((progress = report), work))!;
    progress('reading', 0.5);
    expect(jobs.get(id)).toMatchObject({ state: 'running', doing: 'reading', progress: 0.5 });
    step('fail', 0);
    await work.catch(() => undefined);
    await Promise.resolve();
    expect(jobs.get(id)).toMatchObject({ state: 'failed', error: 'no' });
  });

  it('are forgotten beyond a hundred, those that run not', () => {
    const jobs = new Jobs();
    const first = jobs.start('rebuild', 'first', () => new Promise(() => undefined))!;
    for (let at = 0; at < 150; at++) jobs.start('rebuild', `${at}`, async () => undefined);
    expect(jobs.get(first.id)).not.toBeNull();
  });
});
