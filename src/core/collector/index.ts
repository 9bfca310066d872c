export { collectHost, HostCollector } from './host-collector.ts';
export type { CollectorFailure, HostOptions, HostSettings } from './options.ts';
