import { Inject } from '@nestjs/common';

/** How an instance goes by that was given no name. */
export const DEFAULT_INSTANCE = 'default';

/** The token of an instance's service; under the default name, so is the class `RightsizeService` itself. */
export function getRightsizeToken(name: string = DEFAULT_INSTANCE): string {
  return `rightsize.service(${name})`;
}

/** The token of an instance's {@link Inspection}. */
export function getInspectionToken(name: string = DEFAULT_INSTANCE): string {
  return `rightsize.inspection(${name})`;
}

/** Injects the service of an instance by its name. */
export function InjectRightsize(name: string = DEFAULT_INSTANCE): ParameterDecorator & PropertyDecorator {
  return Inject(getRightsizeToken(name));
}
