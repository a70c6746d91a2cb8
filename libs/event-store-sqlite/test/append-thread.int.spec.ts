import { spawnSync } from 'node:child_process';
import { eventStoreContract } from '../../event-store/test/event-store.contract.js';
import { readWholeLog, sampleEvents } from '../../event-store/test/sample-events.js';
import { ScratchFolder } from './scratch-folder.js';
import { WRITERS } from './writers.js';

const [, [, openThreaded]] = WRITERS as unknown as [unknown, (typeof WRITERS)[number]];

let folder: ScratchFolder;
beforeAll(async () => {
  folder = new ScratchFolder(await openThreaded());
}, 120_000);
afterAll(() => folder.clean());

describe('a store that writes on a thread of its own', () => {
  // Fewer runs: each begins a thread.
  eventStoreContract(async () => (await folder.open()).store, 10);

  it('writes in the order of the appends, whoever reads and folds meanwhile', async () => {
    const { store, readModels } = await folder.open();
    const appends = Array.from({ length: 300 }, (_, index) => store.append(`s-${index % 7}`, sampleEvents(1)));
    for (let at = 0; at < 20; at++) {
      readModels.commit('p', 1, at, at + 1, (writer) => writer.put('row', at));
      await new Promise(setImmediate);
    }
    const positions = (await Promise.all(appends)).map((result) => 'position' in result && result.position);

    expect(positions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(await readWholeLog(store)).toHaveLength(300);
  });

  it('keeps no process alive that has nothing to write, and ends none before it has written', () => {
    const script = `
      const { openEventStorage } = await import('@rightsize/event-store-sqlite');
      const { store } = await openEventStorage({ file: ${JSON.stringify(folder.newFile())}, appendThread: true });
      const event = { id: crypto.randomUUID(), type: 'sample', schemaVersion: 1, data: {}, metadata: {} };
      void store.append('a', [event]).then(({ position }) => console.log('written', position));
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'written 1\n', stderr: '' });
  });
});
