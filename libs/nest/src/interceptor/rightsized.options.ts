import type { RequestContext } from '@rightsize/optimizer';
import type { IncomingMessage } from 'node:http';

/** How the requests of a handler are sized. */
export interface RightsizedOptions extends Pick<RequestContext, 'route'> {
  /** The instance of `RightsizeModule` that decides. @default 'default' */
  readonly instance?: string;
  /** Who asks. @default what it calls itself in `x-rightsize-client`, else the product of its user agent */
  readonly client?: (request: IncomingMessage) => string | null;
}

export const RIGHTSIZED = 'rightsize:rightsized';
