import { readFileSync } from 'node:fs';
import { safeguards } from '../src/safeguards.js';
import { verify } from '../src/verify.js';
import { SampleLog } from './sample-log.js';

const GOLDEN = new URL('../../../test/golden/safeguard.tripped.v1.json', import.meta.url);
const { data } = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { data: Readonly<Record<string, unknown>> };

let log: SampleLog;
beforeEach(async () => {
  log = new SampleLog();
  await log.requests(2, 'editor');
  await log.fold();
  const tripped = { id: 'tripped', type: 'safeguard.tripped', schemaVersion: 1, metadata: {} };
  await log.open(({ store }) => store.append('safeguard', [{ ...tripped, data: { ...data, model: 'm:latest' } }]));
});
afterEach(() => log.clean());

describe('safeguards', () => {
  it('lists the models that pass through and why, as the log has it beyond what was folded', async () => {
    const { text, ok } = await safeguards.run(log.call());
    expect(text).toMatch(
      /^m:latest since .*: failures in 9 of the last 20 requests, against 1 of 140 in its first hour$/,
    );
    expect(ok).toBe(true);
  });

  it('lifts one by any spelling of its name, and the read models equal a rebuild after that', async () => {
    expect(await safeguards.run(log.call({ lift: 'M' }))).toMatchObject({ ok: true });
    expect(await safeguards.run(log.call())).toMatchObject({ text: 'No model passes through.', json: { tripped: [] } });
    await log.fold();
    expect(await verify.run(log.call())).toMatchObject({ ok: true });
  });

  it('changes nothing in a dry run', async () => {
    expect(await safeguards.run(log.call({ lift: 'm' }, { dryRun: true }))).toMatchObject({ ok: true });
    expect(await safeguards.run(log.call())).toMatchObject({ json: { tripped: [{ model: 'm:latest' }] } });
  });

  it('refuses to lift what has not tripped', async () => {
    expect(await safeguards.run(log.call({ lift: 'other' }))).toMatchObject({ ok: false });
  });
});
