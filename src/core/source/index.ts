/** Where series come from and where samples go: the seam, and what stands behind it. */
export { type DirectoryOptions, DirectorySource, isDataDirectory } from './directory.ts';
export { MemorySeries, MemorySource } from './memory.ts';
export * from './source.ts';
