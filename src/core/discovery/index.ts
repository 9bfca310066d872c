/** Service discovery: the seam, the manager, and from settings to discoverers. */
export type { Discoverer, DiscoveryHost, DiscoveryResources, DiscoverySetup } from './discoverer.ts';
export { FileDiscoverer } from './file.ts';
export { DiscoveryManager, type DiscoveryManagerOptions } from './manager.ts';
export { type DiscoveryMetrics, discoveryMetrics } from './metrics.ts';
export { type Discovered, discoverOnce } from './once.ts';
export { emptyGroup, RefreshingDiscoverer } from './refresh.ts';
export { discoverySetup, discoverySetups, staticGroups } from './setup.ts';
export { StaticDiscoverer } from './static.ts';
export { ADDRESS, addressLabels, parseTargetGroups, type TargetGroup } from './target-group.ts';
