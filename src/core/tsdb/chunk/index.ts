export { ChunkList } from './chunk-list.ts';
export * from './cut.ts';
export { decodeChunk } from './decode.ts';
export * from './encoding.ts';
export { HistogramAppender } from './histogram-appender.ts';
export { chunkCounterReset } from './histogram-decoder.ts';
export { type CutRule, SeriesEncoder } from './series-encoder.ts';
export { appendXor, resumeXor, XOR_SAMPLE_ROOM, XorStates } from './xor-appender.ts';
export { XorMark } from './xor-mark.ts';
