import { Upcasters } from '@rightsize/event-store';
import { EVENT_TYPES } from '@rightsize/optimizer-core';

/** Every type is at version 1: nothing to upcast yet, but a newer version in the log is recognised as such. */
export const EVENT_UPCASTERS = new Upcasters(Object.fromEntries(Object.values(EVENT_TYPES).map((type) => [type, []])));
