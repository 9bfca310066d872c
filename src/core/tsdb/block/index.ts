export { BlockReader, BlockSeriesSet, INDEX_FILE } from './block-reader.ts';
export { BlockWriter, type BlockWriterOptions, UNFINISHED_SUFFIX } from './block-writer.ts';
export { addInterval, covers, type Intervals, removeDeleted, touches } from './intervals.ts';
export * from './meta.ts';
export { mergeRuns } from './sample-runs.ts';
export * from './series-set.ts';
export { readTombstones, TOMBSTONES_FILE, Tombstones, writeTombstones } from './tombstones.ts';
export { isUlid, makeUlid, ulidTime } from './ulid.ts';
export { type Finding, type VerifyOptions, verifyBlock } from './verify.ts';
