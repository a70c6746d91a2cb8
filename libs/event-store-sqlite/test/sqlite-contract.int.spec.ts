import { eventStoreContract } from '../../event-store/test/event-store.contract.js';
import { readModelStoreContract } from '../../event-store/test/read-model-store.contract.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
beforeAll(() => {
  folder = new ScratchFolder();
});
afterAll(() => folder.clean());

describe('the SQLite event store', () => {
  eventStoreContract(async () => (await folder.open()).store);
});

describe('the SQLite event store with full synchronisation', () => {
  eventStoreContract(async () => (await folder.open({ synchronous: 'full' })).store);
});

describe('the SQLite read model store', () => {
  readModelStoreContract(async () => (await folder.open()).readModels);
});
