/** Prints the blocks that a command has made, as `tsdb ls` lists them. */
import type { BlockMeta } from '../core/tsdb/block/index.ts';
import { takeInventory } from '../core/tsdb/compaction/index.ts';
import { BLOCK_COLUMNS, blockRow } from './block-printer.ts';
import { Output } from './output.ts';
import type { Painter } from './paint.ts';
import { terminalWidth } from './terminal.ts';
import { tableLines } from './text-table.ts';

export function printMadeBlocks(dir: string, blocks: readonly BlockMeta[], paint: Painter): void {
  if (blocks.length === 0) return;
  const made = new Set(blocks.map(({ ulid }) => ulid));
  const rows = takeInventory(dir)
    .blocks.filter(({ name }) => made.has(name))
    .map(blockRow);
  const output = new Output();
  for (const line of tableLines(BLOCK_COLUMNS, rows, terminalWidth(), (title) => paint.bold(title))) {
    output.line(line);
  }
  output.flush();
}
