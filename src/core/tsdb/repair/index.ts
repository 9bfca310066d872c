export { type Repair, type RepairOptions, repairDirectory } from './repair-directory.ts';
export { type BlockSalvage, salvageBlock } from './salvage-block.ts';
