export { ChunkMetas } from './chunk-metas.ts';
export { IndexReader } from './index-reader.ts';
export { IndexWriter } from './index-writer.ts';
export { PageCache, PagedFile } from './paged-file.ts';
export * from './postings.ts';
export { type LabelIndex, selectLabelNames, selectLabelValues, selectPostings } from './select.ts';
export { SelectionCache } from './selection-cache.ts';
export { SequentialFile } from './sequential-file.ts';
export { SeriesCache } from './series-cache.ts';
