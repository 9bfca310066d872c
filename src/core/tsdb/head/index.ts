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
