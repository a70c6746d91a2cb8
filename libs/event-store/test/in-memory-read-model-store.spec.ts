import { InMemoryReadModelStore } from '@rightsize/event-store';
import { readModelStoreContract } from './read-model-store.contract.js';

describe('the in-memory read model store', () => {
  readModelStoreContract(async () => new InMemoryReadModelStore());
});
