export { Analysis, type Ranked, type Totals } from './analysis.ts';
export { analyzeBlock, type BlockAnalysis, type BlockAnalysisOptions } from './analyze-block.ts';
export { analyzeLabels, type LabelSets } from './analyze-labels.ts';
export type { ChunkShape, ChunkShapes, EachChunk, Spread } from './chunk-shapes.ts';
export { type Change, type Comparison, compareAnalyses } from './compare.ts';
