export {
  type CompactionOptions,
  compactBlocks,
  compactedMeta,
  REMOVED_SUFFIX,
  removeBlock,
  replaceByCompacted,
} from './compactor.ts';
export { blockRanges, MIN_BLOCK_RANGE, type PlannedBlock, planCompaction } from './planner.ts';
export { runSteps, runStepsWithPauses } from './steps.ts';
