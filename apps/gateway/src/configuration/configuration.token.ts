import type { LiveConfiguration } from '@rightsize/configuration';
import type { GatewayKeys } from './keys.js';

/** The gateway's settings as they are in force; null where it was started without. */
export type Configuration = LiveConfiguration<GatewayKeys> | null;

export const Configuration = Symbol('rightsize.Configuration');
