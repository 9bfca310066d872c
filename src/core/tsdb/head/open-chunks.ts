/**
 * The chunks that samples are added to, one for each series, cut where Prometheus cuts them. Chunks of floats lie in
 * cells, and their encoders' states are columns of the series table; histograms, of which there are fewer, have an
 * object each. A chunk that is full goes to the store.
 */
import type { Histogram } from '../../model/index.ts';
import {
  appendXor,
  type ChunkList,
  chunkRangeEnd,
  Encoding,
  floatChunkEnd,
  floatChunkIsFull,
  HistogramAppender,
  type HistogramChunkPlan,
  histogramChunkIsFull,
  planHistogramChunk,
  XOR_SAMPLE_ROOM,
} from '../chunk/index.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { FinishedChunks } from './finished-chunks.ts';
import { Newest, OpenChunk, type SeriesTable } from './series-table.ts';
import { Slab } from './slab.ts';

/** Sizes of cells: a chunk moves to the next larger one as it grows. None has more than 1 KiB and room to write. */
const CELL_BYTES = [48, 80, 128, 192, 272, 384, 544, 768, 1056];

/** A series' histograms. Once its chunk is finished the appender stays, because the next chunk is compared to it. */
interface OpenHistograms {
  appender: HistogramAppender;
  plan: HistogramChunkPlan;
}

export class OpenChunks {
  /** Chunks that there are, and how many were dropped unfinished. */
  count = 0;
  dropped = 0;
  private readonly slab = new Slab(CELL_BYTES);
  private readonly series: SeriesTable;
  private readonly finished: FinishedChunks;
  private readonly store: ChunkStore;
  private readonly chunkRange: number;
  private readonly histograms = new Map<number, OpenHistograms>();

  /** `chunkRange` in ms: no chunk reaches across a multiple of it. */
  constructor(series: SeriesTable, finished: FinishedChunks, store: ChunkStore, chunkRange: number) {
    this.series = series;
    this.finished = finished;
    this.store = store;
    this.chunkRange = chunkRange;
  }

  /** Bytes of memory for chunks of floats: reserved, and of these given out. */
  get reservedBytes(): number {
    return this.slab.reservedBytes;
  }

  get usedBytes(): number {
    return this.slab.usedBytes;
  }

  /** Adds a float, by the halves of its bits, that is newer than all samples of the series. */
  appendFloat(row: number, t: number, high: number, low: number): void {
    const { series, slab } = this;
    const { xor } = series;
    if (series.open[row] !== OpenChunk.floats) {
      if (series.open[row] !== OpenChunk.none) this.finish(row);
      this.beginFloats(row, t);
    } else {
      const count = xor.count[row];
      const bytes = (xor.bits[row] + 7) >>> 3;
      const end = floatChunkEnd(count, series.chunkStart[row], xor.t[row], series.chunkEnd[row]);
      if (floatChunkIsFull(count, bytes, end, t)) {
        this.finish(row);
        this.beginFloats(row, t);
      } else {
        series.chunkEnd[row] = end;
        const cell = series.cell[row];
        if (bytes + XOR_SAMPLE_ROOM > slab.size(cell)) this.moveFloats(row, bytes);
      }
    }
    const cell = series.cell[row];
    appendXor(xor, row, slab.bytes(cell), slab.offset(cell), t, high, low);
    series.setNewest(row, Newest.float);
  }

  /** As `appendFloat`; keeps `h`, which must not be changed afterwards. */
  appendHistogram(row: number, t: number, h: Histogram): void {
    const { series, histograms } = this;
    if (series.open[row] === OpenChunk.floats) this.finish(row);
    let state = histograms.get(row);
    let previous: HistogramAppender | null = null;
    if (state !== undefined) {
      const otherKind = (state.appender.encoding === Encoding.floatHistogram) !== h.isFloat;
      if (series.open[row] === OpenChunk.histograms && (otherKind || this.isFull(row, state, t))) {
        this.finish(row);
      }
      if (series.open[row] === OpenChunk.none) {
        previous = otherKind ? null : state.appender;
        state.appender = new HistogramAppender(h.isFloat);
        this.beginHistograms(row, state, t);
        state.plan.predicted = false;
      }
    } else {
      state = { appender: new HistogramAppender(h.isFloat), plan: { end: 0, predicted: false } };
      histograms.set(row, state);
      this.beginHistograms(row, state, t);
    }
    const took = state.appender.append(t, h, previous);
    if (took !== state.appender) {
      this.finish(row);
      state.appender = took;
      // The prediction flag stays as it was: so it is in Prometheus, and decides where its chunks end.
      this.beginHistograms(row, state, t);
    }
    series.xor.t[row] = t;
    series.setNewest(row, h.isFloat ? Newest.floatHistogram : Newest.histogram);
  }

  /** The newest histogram of a series, where it is at hand. */
  lastHistogram(row: number): Histogram | null {
    return this.histograms.get(row)?.appender.lastHistogram ?? null;
  }

  /** Moves the open chunk, if there is one, to the store: the next sample begins another. */
  finish(row: number): void {
    const { series, slab } = this;
    if (series.open[row] === OpenChunk.none) return;
    this.count--;
    if (series.open[row] === OpenChunk.floats) {
      const cell = series.cell[row];
      const start = slab.offset(cell);
      const end = start + series.xor.byteLength(row);
      this.storeChunk(row, Encoding.xor, slab.bytes(cell), start, end);
      slab.free(cell);
      this.clearFloats(row);
    } else {
      const { appender } = this.histograms.get(row)!;
      const bytes = appender.bytes();
      this.storeChunk(row, appender.encoding, bytes, 0, bytes.length);
    }
    series.open[row] = OpenChunk.none;
  }

  /** Forgets the open chunk, and what is known of the series' histograms. */
  drop(row: number): void {
    if (this.series.open[row] !== OpenChunk.none) {
      this.count--;
      this.dropped++;
    }
    if (this.series.open[row] === OpenChunk.floats) {
      this.slab.free(this.series.cell[row]);
      this.clearFloats(row);
    }
    this.series.open[row] = OpenChunk.none;
    this.histograms.delete(row);
  }

  /** Appends a copy of the open chunk, if there is one, to `out`. */
  copy(row: number, out: ChunkList): void {
    const { series, slab } = this;
    const maxt = series.xor.t[row];
    if (series.open[row] === OpenChunk.floats) {
      const cell = series.cell[row];
      const start = slab.offset(cell);
      const end = start + series.xor.byteLength(row);
      const count = series.xor.count[row];
      out.push(Encoding.xor, series.chunkStart[row], maxt, count, slab.bytes(cell), start, end);
    } else if (series.open[row] === OpenChunk.histograms) {
      const { appender } = this.histograms.get(row)!;
      const bytes = appender.bytes();
      out.push(appender.encoding, series.chunkStart[row], maxt, appender.count, bytes, 0, bytes.length);
    }
  }

  private beginFloats(row: number, t: number): void {
    const { series } = this;
    series.open[row] = OpenChunk.floats;
    this.count++;
    series.cell[row] = this.slab.take(CELL_BYTES[0]);
    series.chunkStart[row] = t;
    series.chunkEnd[row] = chunkRangeEnd(t, this.chunkRange);
  }

  /** To a larger cell. */
  private moveFloats(row: number, bytes: number): void {
    const { series, slab } = this;
    const from = series.cell[row];
    const to = slab.take(slab.size(from) + 1);
    const start = slab.offset(from);
    slab.bytes(to).set(slab.bytes(from).subarray(start, start + bytes), slab.offset(to));
    slab.free(from);
    series.cell[row] = to;
  }

  /** Empties the encoder's state; the newest sample stays known. */
  private clearFloats(row: number): void {
    const { xor } = this.series;
    const t = xor.t[row];
    const high = xor.high[row];
    const low = xor.low[row];
    xor.clear(row);
    xor.t[row] = t;
    xor.high[row] = high;
    xor.low[row] = low;
  }

  private beginHistograms(row: number, state: OpenHistograms, t: number): void {
    this.series.open[row] = OpenChunk.histograms;
    this.count++;
    this.series.chunkStart[row] = t;
    state.plan.end = chunkRangeEnd(t, this.chunkRange);
  }

  private isFull(row: number, { appender, plan }: OpenHistograms, t: number): boolean {
    const start = this.series.chunkStart[row];
    const latest = plan.predicted ? chunkRangeEnd(start, this.chunkRange) : plan.end;
    planHistogramChunk(appender.byteLength, start, appender.t, plan);
    return histogramChunkIsFull(appender.count, appender.byteLength, plan.end, latest, t);
  }

  private storeChunk(row: number, encoding: number, bytes: Uint8Array, start: number, end: number): void {
    const { series, finished, store } = this;
    const mint = series.chunkStart[row];
    const maxt = series.xor.t[row];
    const offset = store.write(series.ref[row], mint, maxt, encoding, false, bytes, start, end);
    series.newestChunk[row] = finished.push(series.newestChunk[row], mint, maxt, store.file, offset);
  }
}
