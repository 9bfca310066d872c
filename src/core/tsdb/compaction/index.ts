export { runSteps, runStepsWithPauses } from '../block/steps.ts';
export {
  type CompactDirectoryOptions,
  type CompactionEvent,
  compactDirectory,
  DEFAULT_MAX_BLOCK_RANGE,
  planDirectory,
} from './compact-directory.ts';
export {
  type CompactionOptions,
  compactBlocks,
  compactedMeta,
  REMOVED_SUFFIX,
  removeBlock,
  replaceByCompacted,
} from './compactor.ts';
export { type BlockFacts, blockFacts, type DirectoryFacts, directoryFacts } from './facts.ts';
export {
  type BlockEntry,
  type BlockState,
  type DirectoryPart,
  type Inventory,
  overlaps,
  sizeOf,
  takeInventory,
} from './inventory.ts';
export { tellLogStart, tellLogStartOf, writeEmptied } from './log-start.ts';
export { blockRanges, MIN_BLOCK_RANGE, type PlannedBlock, planCompaction } from './planner.ts';
export {
  type DirectoryFinding,
  type VerifyDirectoryOptions,
  verifyDirectory,
  verifyingDirectory,
} from './verify-directory.ts';
export { faultOf, type HeadFinding, verifyChunkSnapshot, verifyingHeadChunks } from './verify-head.ts';
export { type LogFinding, RecordChecker, verifyingLog } from './verify-log.ts';
