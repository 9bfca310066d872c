/** Exposition in any format as a source: read once, and held in memory. */
import type { Clock } from '../clock.ts';
import { Batch } from '../exposition/batch.ts';
import { detectFormat } from '../exposition/detection.ts';
import { createParser } from '../exposition/format.ts';
import { SeriesTable } from '../exposition/series-table.ts';
import { BatchAppender } from './batch-appender.ts';
import type { MemorySource } from './memory.ts';
import { MemoryAppender } from './memory-appender.ts';

/**
 * Reads one stream, which may be several scrapes one after another, into `source`. The format shows in its first
 * bytes. Samples without a time get the clock's. Throws InputError with line and column, the rows before the fault
 * having been read.
 */
export function readExposition(pieces: Iterable<Uint8Array>, source: MemorySource, clock: Clock): void {
  const table = new SeriesTable();
  const batch = new Batch();
  const appender = new BatchAppender(new MemoryAppender(source), table, clock);
  let parser: ReturnType<typeof createParser> | undefined;
  for (const piece of pieces) {
    parser ??= createParser(detectFormat(piece), table, { concatenated: true });
    parser.write(piece, batch);
    appender.append(batch);
  }
  parser?.end(batch);
  appender.append(batch);
}
