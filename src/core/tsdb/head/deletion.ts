/** Deletes samples of a head: noted in the log, and left out of what is read and of the next block. */
import type { Matcher } from '../../model/index.ts';
import { addInterval } from '../block/index.ts';
import { selectPostings } from '../index/index.ts';
import { encodeTombstones, type Tombstone } from '../wal/index.ts';
import type { Head } from './head.ts';
import { HeadIndex } from './head-index.ts';
import { OpenChunk } from './series-table.ts';

/** Deletions in one record. */
const RECORD_TOMBSTONES = 4096;

/**
 * Deletes what the series for which every matcher holds have now in [mint, maxt] (ms, both inclusive). Returns how
 * many of them had anything there. Throws the system's error where the log cannot be written, and then nothing is
 * deleted.
 */
export function deleteFromHead(head: Head, matchers: readonly Matcher[], mint: number, maxt: number): number {
  const { series } = head;
  const rows = selectPostings(new HeadIndex(series), matchers).slice();
  const found: { row: number; tombstone: Tombstone }[] = [];
  for (const row of rows) {
    const own = extentOf(head, row);
    // No more than there is: what comes later is not deleted.
    const tombstone = {
      ref: series.ref[row],
      mint: Math.max(mint, own.mint),
      maxt: Math.min(maxt, own.maxt),
    };
    if (tombstone.mint <= tombstone.maxt) found.push({ row, tombstone });
  }
  if (found.length === 0) return 0;
  const wal = head.walWriter();
  for (let i = 0; i < found.length; i += RECORD_TOMBSTONES) {
    wal.log(encodeTombstones(found.slice(i, i + RECORD_TOMBSTONES).map(({ tombstone }) => tombstone)));
  }
  wal.flush();
  for (const { row, tombstone } of found) {
    head.deleted.set(row, addInterval(head.deleted.get(row) ?? [], tombstone.mint, tombstone.maxt));
  }
  return found.length;
}

/**
 * Whether a series for which every matcher holds has samples in [mint, maxt] that came out of order. They are in a log
 * of their own, so that nothing says which of them came before a deletion and which after it: these must be in blocks
 * before it is done.
 */
export function hasLateSamples(
  head: Head,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
): boolean {
  const { series, finished, late, minLateTime, maxLateTime } = head;
  if (minLateTime > maxt || maxLateTime < mint) return false;
  return selectPostings(new HeadIndex(series), matchers).some((row) => {
    for (let chunk = series.newestLateChunk[row]; chunk !== 0; chunk = finished.older[chunk - 1]) {
      if (finished.mint[chunk - 1] <= maxt && finished.maxt[chunk - 1] >= mint) return true;
    }
    const own = late.extentOf(row);
    return own !== undefined && own.mint <= maxt && own.maxt >= mint;
  });
}

/** Times of a series' oldest and newest sample, as far as they bound what it has. */
function extentOf(head: Head, row: number): { mint: number; maxt: number } {
  const { series, finished, late } = head;
  let mint = series.open[row] === OpenChunk.none ? Number.POSITIVE_INFINITY : series.chunkStart[row];
  let maxt = series.open[row] === OpenChunk.none ? Number.NEGATIVE_INFINITY : series.xor.t[row];
  for (const newest of [series.newestChunk[row], series.newestLateChunk[row]]) {
    for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) {
      mint = Math.min(mint, finished.mint[chunk - 1]);
      maxt = Math.max(maxt, finished.maxt[chunk - 1]);
    }
  }
  const own = late.extentOf(row);
  return own === undefined
    ? { mint, maxt }
    : { mint: Math.min(mint, own.mint), maxt: Math.max(maxt, own.maxt) };
}
