/**
 * A selection in the making. Copying what a hundred thousand series have open takes longer than others may be kept
 * waiting, so it is done in steps; that it is the head of one moment all the same is the work of `before`: what is about
 * to change is copied first.
 */
import type { Matcher } from '../../model/index.ts';
import type { Intervals } from '../block/index.ts';
import { selectPostings } from '../index/index.ts';
import { ChunkCollector, type SelectedChunks } from './chunk-collector.ts';
import type { Head } from './head.ts';
import { HeadIndex } from './head-index.ts';
import type { LabelSets } from './label-sets.ts';

/** Rows between two chances for others to work. */
const STEP_ROWS = 1000;

/** What was gathered; `places` are those of the series' labels in `sets`, in no order. */
export interface Gathered {
  sets: LabelSets;
  places: Uint32Array;
  chunks: SelectedChunks;
  /** By series; few have any. */
  deleted: Map<number, Intervals>;
  /** Open files by number, those that went meanwhile included. */
  files: Map<number, number>;
  /** Of `head.buffers`, to be given back when the selection is read no more. */
  lent: SharedArrayBuffer[];
}

/**
 * Series for which every matcher holds and that have chunks in [mint, maxt] (ms, both inclusive); with `newestOnly` their
 * newest sample in the range is enough.
 */
export function* gather(
  head: Head,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
  newestOnly: boolean,
): Generator<void, Gathered> {
  const files = head.store.descriptors();
  const gathering = new Gathering(head, rowsWith(head, matchers, mint, maxt), mint, maxt, newestOnly);
  yield* gathering.run();
  for (const [file, fd] of head.store.descriptors()) files.set(file, fd);
  return { ...gathering.finish(), files };
}

/** Rows as `gather` selects them, in a list of their own. */
export function rowsWith(head: Head, matchers: readonly Matcher[], mint: number, maxt: number): Uint32Array {
  const found = selectPostings(new HeadIndex(head.series), matchers);
  const rows = new Uint32Array(found.length);
  let n = 0;
  for (let i = 0; i < found.length; i++) if (hasChunkIn(head, found[i], mint, maxt)) rows[n++] = found[i];
  return rows.subarray(0, n);
}

/** Whether a series may have samples in [mint, maxt], by the times of its chunks. */
function hasChunkIn(head: Head, row: number, mint: number, maxt: number): boolean {
  const { series, finished } = head;
  if (series.open[row] !== 0 && series.chunkStart[row] <= maxt && series.xor.t[row] >= mint) return true;
  for (let chunk = series.newestChunk[row]; chunk !== 0; chunk = finished.older[chunk - 1]) {
    if (finished.mint[chunk - 1] <= maxt && finished.maxt[chunk - 1] >= mint) return true;
  }
  for (let chunk = series.newestLateChunk[row]; chunk !== 0; chunk = finished.older[chunk - 1]) {
    if (finished.mint[chunk - 1] <= maxt && finished.maxt[chunk - 1] >= mint) return true;
  }
  return head.late.has(row);
}

export class Gathering {
  private readonly head: Head;
  private readonly sets: LabelSets;
  private readonly rows: Uint32Array;
  /** Of each of the rows as it was in the beginning. */
  private readonly labels: Uint32Array;
  private readonly collector: ChunkCollector;
  /** In the order in which they were copied. */
  private readonly places: Uint32Array;
  private readonly deleted = new Map<number, Intervals>();
  private copied = 0;
  /** By row, which of `rows` (+ 1) it is while it is not copied. */
  private waiting = new Uint32Array(0);

  constructor(head: Head, rows: Uint32Array, mint: number, maxt: number, newestOnly = false) {
    const { series } = head;
    this.head = head;
    this.sets = series.sets;
    this.rows = rows;
    this.labels = rows.map((row) => series.labelsOf(row));
    this.places = new Uint32Array(rows.length);
    this.collector = new ChunkCollector(head, mint, maxt, rows.length, newestOnly);
  }

  *run(): Generator<void, void> {
    const { rows, head } = this;
    if (rows.length <= STEP_ROWS) {
      for (let i = 0; i < rows.length; i++) this.copy(i);
      return;
    }
    this.waiting = new Uint32Array(head.series.rows);
    for (let i = 0; i < rows.length; i++) this.waiting[rows[i]] = i + 1;
    head.gatherings.add(this);
    try {
      for (let i = 0; i < rows.length; i++) {
        this.before(rows[i]);
        if (i % STEP_ROWS === STEP_ROWS - 1) yield;
      }
    } finally {
      head.gatherings.delete(this);
    }
  }

  /** What the head has of a row is about to change. */
  before(row: number): void {
    const i = row < this.waiting.length ? this.waiting[row] : 0;
    if (i === 0) return;
    this.waiting[row] = 0;
    this.copy(i - 1);
  }

  finish(): Omit<Gathered, 'files'> {
    const { sets, places, deleted } = this;
    return { sets, places, deleted, chunks: this.collector.finish(), lent: this.collector.lent };
  }

  private copy(i: number): void {
    const row = this.rows[i];
    this.collector.add(row);
    const intervals = this.head.deleted.get(row);
    if (intervals !== undefined) this.deleted.set(this.copied, intervals);
    this.places[this.copied++] = this.labels[i];
  }
}
