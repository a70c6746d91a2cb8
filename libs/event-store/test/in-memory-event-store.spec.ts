import { InMemoryEventStore } from '@rightsize/event-store';
import { eventStoreContract } from './event-store.contract.js';

describe('the in-memory event store', () => {
  eventStoreContract(async () => new InMemoryEventStore());
});
