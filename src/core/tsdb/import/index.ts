export { ChunkBuffer } from './chunk-buffer.ts';
export { ChunkJoiner } from './chunk-joiner.ts';
export { type ColumnRole, type CsvColumns, parseCsvColumns, type TimeUnit } from './csv-columns.ts';
export { type CsvOptions, CsvParser } from './csv-parser.ts';
export { type ImportOptions, type ImportProgress, type ImportResult, importSamples } from './importer.ts';
export { fileInput, type ImportFormat, type ImportInput } from './input.ts';
export { logReach, markWithinLog } from './log-reach.ts';
export type { ImportCounts } from './staging.ts';
