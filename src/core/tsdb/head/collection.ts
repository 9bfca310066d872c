/**
 * Removes from a head what is in blocks: chunks, then series of which nothing is left, then files. In steps, between
 * which others may work; a series is looked at in one go.
 */
import { addInterval, type Intervals } from '../block/index.ts';
import type { Head } from './head.ts';
import { OpenChunk } from './series-table.ts';

/** Rows between two chances for others to work. */
const STEP_ROWS = 2000;
/** Series removed between two of them. */
const STEP_REMOVED = 500;

/**
 * Samples that came in order before `mint` (ms) are in blocks; they are no longer given, nor taken. Also removes what
 * else the head has no use for.
 */
export function* truncateHead(head: Head, mint: number): Generator<void, void> {
  head.raiseMinValidTime(mint);
  if (head.minTime < mint) head.minTime = mint;
  yield* collect(head);
}

/**
 * Removes chunks of what came out of order: of each row the one named (+ 1) and all that are older.
 */
export function* truncateLate(head: Head, newest: ReadonlyMap<number, number>): Generator<void, void> {
  const { series, finished } = head;
  for (const [row, last] of newest) {
    let newer = 0;
    let chunk = series.newestLateChunk[row];
    while (chunk !== last && chunk !== 0) {
      newer = chunk;
      chunk = finished.older[chunk - 1];
    }
    if (chunk === 0) continue;
    tellGatherings(head, row);
    if (newer === 0) series.newestLateChunk[row] = 0;
    else finished.older[newer - 1] = 0;
    for (let gone = chunk; gone !== 0; gone = finished.older[gone - 1]) {
      head.store.abandon(finished.file[gone - 1], finished.offset[gone - 1]);
    }
    finished.dropAll(chunk);
  }
  yield* collect(head);
}

/** Who is gathering what there was has it in time. */
function tellGatherings(head: Head, row: number): void {
  for (const gathering of head.gatherings) gathering.before(row);
}

function* collect(head: Head): Generator<void, void> {
  const { series, finished, open } = head;
  const { minTime: mint } = head;
  const gone: number[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  let firstFile = head.store.file;
  for (let row = 0; row < series.rows; row++) {
    if (row % STEP_ROWS === STEP_ROWS - 1) yield;
    if (series.ref[row] === 0) continue;
    if (series.open[row] !== OpenChunk.none) {
      if (series.xor.t[row] < mint) {
        tellGatherings(head, row);
        open.drop(row);
      } else oldest = Math.min(oldest, series.chunkStart[row]);
    }
    for (let newer = 0, chunk = series.newestChunk[row]; chunk !== 0; ) {
      const i = chunk - 1;
      if (finished.maxt[i] < mint) {
        // This one and all that are older.
        tellGatherings(head, row);
        if (newer === 0) series.newestChunk[row] = 0;
        else finished.older[newer - 1] = 0;
        finished.dropAll(chunk);
        break;
      }
      oldest = Math.min(oldest, finished.mint[i]);
      firstFile = Math.min(firstFile, finished.file[i]);
      newer = chunk;
      chunk = finished.older[i];
    }
    for (let chunk = series.newestLateChunk[row]; chunk !== 0; chunk = finished.older[chunk - 1]) {
      firstFile = Math.min(firstFile, finished.file[chunk - 1]);
    }
    if (isEmpty(head, row)) gone.push(row);
  }
  // Before others work again: what they append meanwhile is noted when it is appended.
  noteOldest(head, oldest);
  yield* removeSeries(head, gone);
  forgetDeletions(head, mint);
  noteLateTimes(head);
  head.store.truncate(firstFile);
}

/** Whether nothing is left of a series but its labels, and nothing is about to come. */
function isEmpty(head: Head, row: number): boolean {
  const { series } = head;
  return (
    series.open[row] === OpenChunk.none &&
    series.newestChunk[row] === 0 &&
    series.newestLateChunk[row] === 0 &&
    !head.late.has(row) &&
    !head.transactions.has(series.transaction[row])
  );
}

/** A step for each few of the candidates, of which some may have got samples since they were looked at. */
function* removeSeries(head: Head, candidates: readonly number[]): Generator<void, void> {
  const { series } = head;
  const isGone = new Uint8Array(series.rows);
  for (let i = 0; i < candidates.length; i += STEP_REMOVED) {
    yield;
    const gone = candidates
      .slice(i, i + STEP_REMOVED)
      .filter((row) => series.ref[row] !== 0 && isEmpty(head, row));
    for (const row of gone) isGone[row] = 1;
    head.handles.keepLabels(series, gone, isGone);
    for (const row of gone) {
      isGone[row] = 0;
      // Its samples may be in the log up to the segment that is written to now.
      if (series.isLogged(row)) head.keptRefs.keep(series.ref[row], head.walSegment);
      for (const alias of series.aliases.get(row) ?? []) head.keptRefs.keep(alias, head.walSegment);
      tellGatherings(head, row);
      head.open.drop(row);
      head.metadata.drop(row);
      head.exemplars.drop(row);
      head.deleted.delete(row);
    }
    series.remove(gone);
  }
  yield* series.sweep();
  yield* series.tidy();
}

function forgetDeletions(head: Head, mint: number): void {
  for (const [row, intervals] of head.deleted) {
    let left: Intervals = [];
    for (let i = 0; i < intervals.length; i += 2) {
      if (intervals[i + 1] >= Math.min(mint, head.minLateTime))
        left = addInterval(left, intervals[i], intervals[i + 1]);
    }
    if (left.length === 0) head.deleted.delete(row);
    else head.deleted.set(row, left);
  }
}

/** At a stretch, since late samples may come to any series meanwhile. */
function noteLateTimes(head: Head): void {
  const { series, finished, late } = head;
  if (head.minLateTime > head.maxLateTime) return;
  head.minLateTime = Number.POSITIVE_INFINITY;
  head.maxLateTime = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < series.rows; row++) {
    if (series.ref[row] === 0) continue;
    for (let chunk = series.newestLateChunk[row]; chunk !== 0; chunk = finished.older[chunk - 1]) {
      head.noteTimes(finished.mint[chunk - 1], finished.maxt[chunk - 1], true);
    }
  }
  for (const row of late.rows()) {
    const { mint, maxt } = late.extentOf(row)!;
    head.noteTimes(mint, maxt, true);
  }
}

/** What is left may begin later than what was removed ends, and then so does the head. */
function noteOldest(head: Head, oldest: number): void {
  if (oldest === Number.POSITIVE_INFINITY) {
    const { series } = head;
    // Something may have come since its series was looked at.
    for (let row = 0; row < series.rows; row++) {
      if (series.open[row] !== OpenChunk.none || series.newestChunk[row] !== 0) return;
    }
    head.minTime = Number.POSITIVE_INFINITY;
    head.maxTime = Number.NEGATIVE_INFINITY;
    return;
  }
  if (oldest <= head.minTime) return;
  head.minTime = Math.min(oldest, Math.max(head.appendableFrom, head.minTime));
}
