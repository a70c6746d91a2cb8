import type { Kind } from '@rightsize/configuration';

/** `03:30`, on the clock of the machine. */
export const timeOfDay: Kind<string> = {
  accepts: 'a time of day from 00:00 to 23:59',
  parse: (input) => (typeof input === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(input) ? input : undefined),
};
