export { type CopyOptions, type CopyResult, copySamples, type SampleSource, type TimeRange } from './copy.ts';
export { mergeReplicas } from './replicas.ts';
