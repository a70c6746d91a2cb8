import { EVENT_TYPES } from '@rightsize/optimizer-core';

/** Retention never deletes these: few, and a policy can only be rolled back to while its event is there. */
export const KEPT_FOR_GOOD: readonly string[] = Object.values(EVENT_TYPES).filter((type) => type.startsWith('policy.'));
