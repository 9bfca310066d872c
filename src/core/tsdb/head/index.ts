export { HeadAppender } from './appender.ts';
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
export { Head, type HeadOptions } from './head.ts';
export { HeadIndex } from './head-index.ts';
export { type OpenedHead, openHead, replayHead } from './replay.ts';
export { DetachedSelection, HeadSelection, type SelectionData } from './selection.ts';
