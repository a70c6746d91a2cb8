export * from '@rightsize/optimizer';
export type { RightsizeProxyOptions } from './mount/mount-options.js';
export { RightsizeProxyModule } from './mount/rightsize-proxy.module.js';
export { Proxy } from './proxy/proxy.js';
export { DEFAULT_V1, type ProxyOptions, type V1Mode, type V1Modes } from './proxy/proxy-options.js';
export type { ProxyWatch } from './proxy/proxy-watch.js';
export { V1Plans, type V1Report } from './proxy/v1-plans.js';
