import { applyDecorators, createParamDecorator, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { Optimized } from '@rightsize/optimizer';
import { RIGHTSIZED, type RightsizedOptions } from './rightsized.options.js';
import { RightsizedInterceptor, SIZED, type WithSized } from './rightsized.interceptor.js';

/**
 * For a handler of your own that sends its body to the model server and returns what that said: the body it gets is
 * sized, and what it returns (an object, a text, a `StreamableFile`, an `Observable` of any) is recorded.
 */
export function Rightsized(options: RightsizedOptions = {}): MethodDecorator {
  return applyDecorators(SetMetadata(RIGHTSIZED, options), UseInterceptors(RightsizedInterceptor));
}

/** The decision for the request at hand, with its `observer` for handlers that write to the response themselves. */
export const Sized = createParamDecorator(
  (_data: unknown, context) => (context.switchToHttp().getRequest<WithSized>()[SIZED] ?? null) as Optimized | null,
);
