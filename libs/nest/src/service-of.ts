import type { ModuleRef } from '@nestjs/core';
import { DEFAULT_INSTANCE, getRightsizeToken, type RightsizeService } from '@rightsize/optimizer';

/** Wherever in the application that instance was made. */
export function serviceOf(modules: ModuleRef, instance = DEFAULT_INSTANCE): RightsizeService {
  try {
    return modules.get<RightsizeService>(getRightsizeToken(instance), { strict: false });
  } catch {
    throw new Error(`there is no RightsizeModule with the name "${instance}": import one`);
  }
}
