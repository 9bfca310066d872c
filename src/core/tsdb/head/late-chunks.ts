/**
 * Samples that came out of order: older than the newest sample of their series. Those of a series are gathered,
 * sorted by time, and go to the store when there are `capacity` of them; then they are a chunk like any other, but
 * for overlapping others in time.
 */
import { type Histogram, SampleColumns } from '../../model/index.ts';
import { ChunkList, SeriesEncoder } from '../chunk/index.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { FinishedChunks } from './finished-chunks.ts';
import type { SeriesTable } from './series-table.ts';

/** Samples of an open chunk of Prometheus. */
export const LATE_CAPACITY = 32;

/** Where a chunk went: a file of the store, and an offset in it. */
export interface ChunkPlace {
  file: number;
  offset: number;
}

export class LateChunks {
  private readonly series: SeriesTable;
  private readonly finished: FinishedChunks;
  private readonly store: ChunkStore;
  private readonly capacity: number;
  private readonly open = new Map<number, LateChunk>();
  private readonly columns = new SampleColumns();
  private readonly encoded = new ChunkList();

  constructor(
    series: SeriesTable,
    finished: FinishedChunks,
    store: ChunkStore,
    capacity: number = LATE_CAPACITY,
  ) {
    this.series = series;
    this.finished = finished;
    this.store = store;
    this.capacity = capacity;
  }

  /** Open chunks. */
  get count(): number {
    return this.open.size;
  }

  /** Rows of the series that have an open chunk. */
  rows(): number[] {
    return [...this.open.keys()];
  }

  has(row: number): boolean {
    return this.open.has(row);
  }

  /** Times of the oldest and newest sample of the open chunk, ms; undefined where there is none. */
  extentOf(row: number): { mint: number; maxt: number } | undefined {
    const chunk = this.open.get(row);
    return chunk && { mint: chunk.t[0], maxt: chunk.t[chunk.count - 1] };
  }

  /** Whether the next sample of the series has to wait for `finish`. */
  isFull(row: number): boolean {
    return (this.open.get(row)?.count ?? 0) >= this.capacity;
  }

  /** Adds a float, by the halves of its bits; false where the open chunk has a sample of that time. */
  insertFloat(row: number, t: number, high: number, low: number): boolean {
    const chunk = this.chunkOf(row);
    const at = chunk.insert(t);
    if (at < 0) return false;
    chunk.vBits[at * 2] = low;
    chunk.vBits[at * 2 + 1] = high;
    return true;
  }

  insertHistogram(row: number, t: number, h: Histogram): boolean {
    const chunk = this.chunkOf(row);
    const at = chunk.insert(t);
    if (at < 0) return false;
    chunk.histograms ??= new Array(chunk.count).fill(null);
    chunk.histograms[at] = h;
    return true;
  }

  /** Moves the open chunk, if there is one, to the store. Returns where its samples are, in several chunks perhaps. */
  finish(row: number): ChunkPlace[] {
    const { series, finished, store, encoded } = this;
    const chunk = this.open.get(row);
    if (chunk === undefined) return [];
    this.open.delete(row);
    encoded.clear();
    this.encode(chunk, encoded);
    const places: ChunkPlace[] = [];
    for (let i = 0; i < encoded.length; i++) {
      const mint = encoded.mint[i];
      const maxt = encoded.maxt[i];
      const { bytes, start, end, encoding } = encoded;
      // Where there are several, Prometheus takes the late chunks of the last ref.
      const ref = series.lastRefOf(row);
      const offset = store.write(ref, mint, maxt, encoding[i], true, bytes, start[i], end[i]);
      series.newestLateChunk[row] = finished.push(
        series.newestLateChunk[row],
        mint,
        maxt,
        store.file,
        offset,
      );
      places.push({ file: store.file, offset });
    }
    return places;
  }

  /** Takes the samples at these times (ms, ascending) out of the open chunk. */
  remove(row: number, times: Float64Array): void {
    const chunk = this.open.get(row);
    if (chunk === undefined) return;
    chunk.remove(times);
    if (chunk.count === 0) this.open.delete(row);
  }

  /** Appends a copy of the open chunk, if there is one, to `out`. */
  copy(row: number, out: ChunkList): void {
    const chunk = this.open.get(row);
    if (chunk !== undefined) this.encode(chunk, out);
  }

  private chunkOf(row: number): LateChunk {
    let chunk = this.open.get(row);
    if (chunk === undefined) this.open.set(row, (chunk = new LateChunk()));
    return chunk;
  }

  private encode(chunk: LateChunk, out: ChunkList): void {
    const { columns } = this;
    const { count } = chunk;
    columns.clear();
    columns.reserve(count);
    columns.t.set(chunk.t.subarray(0, count));
    columns.v.set(chunk.v.subarray(0, count));
    columns.histograms = chunk.histograms;
    columns.length = count;
    const encoder = new SeriesEncoder('merge', out);
    encoder.append(columns);
    encoder.finish();
    columns.histograms = null;
  }
}

/** Samples sorted by time. */
class LateChunk {
  count = 0;
  t = new Float64Array(4);
  v = new Float64Array(4);
  /** Values as bits, low half first. */
  vBits: Uint32Array = new Uint32Array(this.v.buffer);
  /** Parallel to `t`, or null while all are floats. */
  histograms: (Histogram | null)[] | null = null;

  /** Makes room for a sample at `t`, and returns where; -1 where there is one. */
  insert(t: number): number {
    let at = this.count;
    while (at > 0 && this.t[at - 1] >= t) at--;
    if (at < this.count && this.t[at] === t) return -1;
    if (this.count === this.t.length) this.grow();
    this.t.copyWithin(at + 1, at, this.count);
    this.v.copyWithin(at + 1, at, this.count);
    this.histograms?.splice(at, 0, null);
    this.t[at] = t;
    this.count++;
    return at;
  }

  remove(times: Float64Array): void {
    let kept = 0;
    for (let i = 0, j = 0; i < this.count; i++) {
      while (j < times.length && times[j] < this.t[i]) j++;
      if (j < times.length && times[j] === this.t[i]) continue;
      this.t.copyWithin(kept, i, i + 1);
      this.v.copyWithin(kept, i, i + 1);
      this.histograms?.copyWithin(kept, i, i + 1);
      kept++;
    }
    this.count = kept;
    if (this.histograms !== null) this.histograms.length = kept;
  }

  private grow(): void {
    const t = new Float64Array(this.count * 2);
    const v = new Float64Array(this.count * 2);
    t.set(this.t);
    v.set(this.v);
    this.t = t;
    this.v = v;
    this.vBits = new Uint32Array(v.buffer);
  }
}
