/**
 * A part of a head that is to become a block: which series, and where their chunks are in `chunks_head`. Everything is
 * in files when the image is made, so that the block can be written in another thread while the head goes on.
 *
 * Making an image and writing a block are done in steps, between which others may work.
 */

import { copied, grownLength } from '../../encoding/grown.ts';
import { SampleColumns } from '../../model/index.ts';
import type { Intervals } from '../block/index.ts';
import { decodeChunk } from '../chunk/index.ts';
import type { Head } from './head.ts';
import type { LabelSetsImage } from './label-sets.ts';
import { NO_TIME, OpenChunk } from './series-table.ts';

/** All of it can be posted to a worker. */
export interface BlockImage {
  labels: LabelSetsImage;
  /** Place of each series' labels, in no order. */
  places: Uint32Array;
  /** The chunks of series i are [starts[i], starts[i + 1]), oldest first. */
  starts: Uint32Array;
  file: Uint32Array;
  offset: Uint32Array;
  /** Deleted stretches, by series. */
  deleted: Map<number, Intervals>;
}

/** Rows between two chances for others to work. */
const STEP_ROWS = 1000;

/** The chunks of what came in order with samples in [mint, maxt], ms. Throws the system's error if they cannot be written. */
export function* imageInOrder(head: Head, mint: number, maxt: number): Generator<void, BlockImage> {
  const { series, finished, open } = head;
  for (let row = 0; row < series.rows; row++) {
    // Nothing is added to these in order any more: what is newer begins another chunk.
    if (series.ref[row] !== 0 && series.open[row] !== OpenChunk.none && series.chunkStart[row] <= maxt) {
      open.finish(row);
    }
    if (row % STEP_ROWS === STEP_ROWS - 1) yield;
  }
  head.store.flush();
  const builder = new ImageBuilder(head);
  for (let row = 0; row < series.rows; row++) {
    if (series.ref[row] !== 0 && series.xor.t[row] !== NO_TIME) {
      builder.add(row, series.newestChunk[row], (i) => finished.mint[i] <= maxt && finished.maxt[i] >= mint);
    }
    if (row % STEP_ROWS === STEP_ROWS - 1) yield;
  }
  return builder.finish();
}

/** What came out of order. */
export interface LateImage {
  image: BlockImage;
  /** The newest chunk (+ 1) of each row that is in the image. */
  newest: Map<number, number>;
  /** The blocks to make of it: stretches of the head's chunk range that may have samples, [mint, maxt), ascending. */
  ranges: [mint: number, maxt: number][];
}

/**
 * All chunks of what came out of order, taken at a stretch: whatever comes later is not of this image. Throws the
 * system's error if they cannot be written.
 */
export function imageLate(head: Head): LateImage {
  const { series, late, chunkRange } = head;
  for (const row of late.rows()) late.finish(row);
  head.store.flush();
  const newest = new Map<number, number>();
  const starts = new Set<number>();
  const builder = new ImageBuilder(head);
  for (let row = 0; row < series.rows; row++) {
    if (series.ref[row] === 0 || series.newestLateChunk[row] === 0) continue;
    newest.set(row, series.newestLateChunk[row]);
    builder.add(row, series.newestLateChunk[row], (i) => {
      noteRanges(head, i, starts);
      return true;
    });
  }
  const ranges = [...starts]
    .sort((a, b) => a - b)
    .flatMap((mint) => splitAt(head.minValidTime, mint, mint + chunkRange));
  return { image: builder.finish(), newest, ranges };
}

/** Adds to `starts` where the ranges begin that a finished chunk has samples in. */
function noteRanges(head: Head, chunk: number, starts: Set<number>): void {
  const { finished, store, chunkRange } = head;
  const first = Math.floor(finished.mint[chunk] / chunkRange) * chunkRange;
  const last = Math.floor(finished.maxt[chunk] / chunkRange) * chunkRange;
  starts.add(first);
  starts.add(last);
  if (last - first <= chunkRange) return;
  // Where the clock was set, a chunk may have samples that are years apart.
  const { encoding, bytes, start, end } = store.read(finished.file[chunk], finished.offset[chunk]);
  const columns = new SampleColumns();
  decodeChunk(encoding, bytes, start, end, columns);
  for (let i = 0; i < columns.length; i++) starts.add(Math.floor(columns.t[i] / chunkRange) * chunkRange);
}

/**
 * A block of late samples must not reach beyond the end of the blocks of what came in order: compacted with one of
 * these it would say of a time that is still to be cut that it is in a block.
 */
function splitAt(t: number, mint: number, maxt: number): [number, number][] {
  if (t <= mint || t >= maxt) return [[mint, maxt]];
  return [
    [mint, t],
    [t, maxt],
  ];
}

class ImageBuilder {
  private readonly head: Head;
  private places = new Uint32Array(0);
  private starts = new Uint32Array(1);
  private file = new Uint32Array(0);
  private offset = new Uint32Array(0);
  private series = 0;
  private chunks = 0;
  private readonly deleted = new Map<number, Intervals>();

  constructor(head: Head) {
    this.head = head;
  }

  /** Adds a series with those of its chunks, given by the newest, for which `isWanted` holds. */
  add(row: number, newest: number, isWanted: (chunk: number) => boolean): void {
    const { finished, series, deleted } = this.head;
    const first = this.chunks;
    for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) {
      if (isWanted(chunk - 1)) this.push(finished.file[chunk - 1], finished.offset[chunk - 1]);
    }
    if (this.chunks === first) return;
    this.file.subarray(first, this.chunks).reverse();
    this.offset.subarray(first, this.chunks).reverse();
    const i = this.series++;
    if (i === this.places.length) {
      const length = grownLength(i, i + 1);
      this.places = copied(this.places, new Uint32Array(length));
      this.starts = copied(this.starts, new Uint32Array(length + 1));
    }
    this.places[i] = series.labelsOf(row);
    this.starts[i + 1] = this.chunks;
    const intervals = deleted.get(row);
    if (intervals !== undefined) this.deleted.set(i, intervals);
  }

  finish(): BlockImage {
    return {
      labels: this.head.series.sets.image(),
      places: this.places.slice(0, this.series),
      starts: this.starts.slice(0, this.series + 1),
      file: this.file.slice(0, this.chunks),
      offset: this.offset.slice(0, this.chunks),
      deleted: this.deleted,
    };
  }

  private push(file: number, offset: number): void {
    const i = this.chunks++;
    if (i === this.file.length) {
      const length = grownLength(i, i + 1);
      this.file = copied(this.file, new Uint32Array(length));
      this.offset = copied(this.offset, new Uint32Array(length));
    }
    this.file[i] = file;
    this.offset[i] = offset;
  }
}
