export { AdminGuard, type AdminRequest } from './access/admin.guard.js';
export { hostNameOf, isFromThisMachine, isLoopbackAddress, isLoopbackName } from './access/loopback.js';
export { LoopbackGuard } from './access/loopback.guard.js';
export * from './admin-configuration.js';
export * from './admin-options.js';
export { RightsizeAdminModule, type AdminModuleParts } from './admin.module.js';
export { ProblemFilter } from './http/problem.filter.js';
export { adminDocument, serveAdminDocument } from './open-api.js';
