export { HeadAppender } from './appender.ts';
export { blockFromImage, type HeadBlockRange } from './block-from-image.ts';
export { type BlockImage, imageInOrder, imageLate, type LateImage } from './block-image.ts';
export { type HeadCardinality, headCardinality, type NamedCount } from './cardinality.ts';
export {
  HEAD_CHUNKS_DIR,
  type HeadChunk,
  HeadChunkReader,
  HeadChunkScanner,
  headChunkFileName,
  listHeadChunkFiles,
  openHeadChunkFiles,
} from './chunk-file.ts';
export * from './chunk-snapshot.ts';
export { truncateHead, truncateLate } from './collection.ts';
export { deleteFromHead, hasLateSamples } from './deletion.ts';
export { DEFAULT_MAX_AHEAD, Head, type HeadOptions } from './head.ts';
export { HeadIndex } from './head-index.ts';
export { noProgress, type OpenedHead, openHead, type ReplayProgress, replayHead } from './replay.ts';
export { SampleCounts } from './sample-counts.ts';
export {
  handOverHead,
  type Lending,
  openSelection,
  type SelectionData,
  selectHead,
  selectHeadLabels,
} from './selection.ts';
