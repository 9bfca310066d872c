/**
 * Samples of many series on their way into blocks, encoded as they come. Of each series one chunk is open; it ends
 * where Prometheus' head would end it, where a block does, and where a sample is older than the one before it. So what
 * is held is a few bytes a sample, in whatever order samples come; chunks of one series that overlap are joined when
 * blocks are written.
 */

import { copied } from '../../encoding/grown.ts';
import { type Histogram, histogramsEqual, SampleColumns } from '../../model/index.ts';
import { isStaleBits } from '../../model/value.ts';
import {
  appendXor,
  ChunkList,
  Encoding,
  floatChunkEnd,
  floatChunkIsFull,
  SeriesEncoder,
  XOR_SAMPLE_ROOM,
  XorStates,
} from '../chunk/index.ts';
import { ChunkTable } from './chunk-table.ts';
import { SLOT_BYTES, SlotMemory } from './slot-memory.ts';

/** No block is shorter, and every longer one is a multiple of it; ms. */
export const CHUNK_RANGE = 2 * 3600 * 1000;

const NO_SLOT = 0xff;
/** Estimate of what a series costs here and in the table that names it, beside the bytes of its open chunk. */
export const SERIES_BYTES = 1200;
/** So many times the memory for samples may be taken by names. */
export const NAMES_PART = 4;
/** Estimate of what an open chunk of histograms costs. */
const HISTOGRAM_BYTES = 4096;
/** Samples of each series that are worth writing, on average. */
const MIN_RUN_SAMPLES = 30;

/** Histograms of one series that are being encoded. */
interface OpenHistograms {
  encoder: SeriesEncoder;
  finished: ChunkList;
  t: number;
  last: Histogram | undefined;
}

export class ChunkBuffer {
  readonly chunks = new ChunkTable();
  /** Samples that were taken since the buffer was made. */
  samples = 0;
  /** Samples that repeat the one before them, and were left out. */
  repeated = 0;
  /** Samples with the time of the one before them but another value, left out too. */
  conflicting = 0;
  private readonly open = new XorStates(1024);
  private slots = new Uint32Array(1024);
  private slotClass = new Uint8Array(1024).fill(NO_SLOT);
  private mint = new Float64Array(1024);
  private end = new Float64Array(1024);
  private readonly memory = new SlotMemory();
  private readonly histograms = new Map<number, OpenHistograms>();
  private readonly row = new SampleColumns();
  private size = 0;
  /** `samples` at the last `clear`. */
  private samplesBefore = 0;
  /** As `noteNew` said since the last `clear`. */
  private added = 0;

  /**
   * Whether what was taken since the last `clear` costs more than about `bytes`, so that it should be written. Names of
   * series may take some times as much: they are needed again as long as the series go on.
   */
  isFull(bytes: number): boolean {
    const { chunks, memory, histograms, size } = this;
    if (this.added * SERIES_BYTES > bytes * NAMES_PART) return true;
    const open = memory.usedBytes + histograms.size * HISTOGRAM_BYTES;
    return chunks.usedBytes + open > bytes && this.samples - this.samplesBefore >= size * MIN_RUN_SAMPLES;
  }

  /** Makes room for series below `count`. */
  reserve(count: number): void {
    this.size = Math.max(this.size, count);
    if (count <= this.slots.length) return;
    let size = this.slots.length;
    while (size < count) size *= 2;
    this.open.grow(size);
    this.slots = copied(this.slots, new Uint32Array(size));
    const old = this.slotClass.length;
    this.slotClass = copied(this.slotClass, new Uint8Array(size).fill(NO_SLOT, old));
    this.mint = copied(this.mint, new Float64Array(size));
    this.end = copied(this.end, new Float64Array(size));
  }

  /** Notes that there are so many more series, whose names take memory somewhere. */
  noteNew(series: number): void {
    this.added += series;
  }

  /** Takes the float samples of rows [from, to). Room for their series must have been made. */
  append(series: Uint32Array, t: Float64Array, v: Float64Array, from: number, to: number): void {
    const halves = new Uint32Array(v.buffer, v.byteOffset, v.length * 2);
    const { open, memory } = this;
    for (let row = from; row < to; row++) {
      const s = series[row];
      const time = t[row];
      const low = halves[row * 2];
      let high = halves[row * 2 + 1];
      // A marker may have become a quiet NaN on its way.
      if (low === 2 && isStaleBits(high, low)) high = 0x7ff00000;
      let count = open.count[s];
      if (count > 0) {
        const last = open.t[s];
        if (time === last) {
          if (open.high[s] === (high | 0) && open.low[s] === (low | 0)) this.repeated++;
          else this.conflicting++;
          continue;
        }
        this.end[s] = floatChunkEnd(count, this.mint[s], last, this.end[s]);
        if (time < last || floatChunkIsFull(count, open.byteLength(s), this.end[s], time)) {
          this.close(s);
          count = 0;
        }
      }
      if (count === 0) {
        if (this.histograms.size > 0) this.closeHistograms(s);
        this.mint[s] = time;
        this.end[s] = rangeEnd(time);
      }
      const slotClass = this.slotClass[s];
      if (slotClass === NO_SLOT || open.byteLength(s) + XOR_SAMPLE_ROOM > SLOT_BYTES[slotClass])
        this.widen(s);
      const slot = this.slots[s];
      appendXor(open, s, memory.bytesOf(slot), memory.offsetOf(slot), time, high, low);
      this.samples++;
    }
  }

  appendHistogram(series: number, t: number, h: Histogram): void {
    if (this.open.count[series] > 0) this.close(series);
    let open = this.histograms.get(series);
    if (open !== undefined && t === open.t) {
      if (open.last !== undefined && histogramsEqual(open.last, h)) this.repeated++;
      else this.conflicting++;
      return;
    }
    if (open === undefined) {
      const finished = new ChunkList();
      const encoder = new SeriesEncoder(CHUNK_RANGE, finished);
      this.histograms.set(series, (open = { encoder, finished, t, last: undefined }));
    } else if (t < open.t || t >= rangeEnd(open.t)) {
      this.closeHistograms(series);
      this.histograms.set(series, open);
    }
    const { row } = this;
    row.clear();
    row.pushHistogram(t, h);
    open.encoder.append(row);
    open.t = t;
    open.last = h;
    this.moveFinished(series, open);
    this.samples++;
  }

  /** Ends all open chunks. */
  closeAll(): void {
    for (let s = 0; s < this.size; s++) if (this.open.count[s] > 0) this.close(s);
    for (const series of [...this.histograms.keys()]) this.closeHistograms(series);
  }

  /** Forgets all chunks, which must have been ended. Series keep their numbers. */
  clear(): void {
    this.chunks.clear();
    this.memory.clear();
    this.slotClass.fill(NO_SLOT);
    this.added = 0;
    this.samplesBefore = this.samples;
  }

  private close(s: number): void {
    const { open, memory } = this;
    const slot = this.slots[s];
    const start = memory.offsetOf(slot);
    const bytes = memory.bytesOf(slot);
    this.chunks.push(
      s,
      Encoding.xor,
      this.mint[s],
      open.t[s],
      open.count[s],
      bytes,
      start,
      start + open.byteLength(s),
    );
    open.clear(s);
  }

  private closeHistograms(series: number): void {
    const open = this.histograms.get(series);
    if (open === undefined) return;
    open.encoder.finish();
    this.moveFinished(series, open);
    this.histograms.delete(series);
  }

  private moveFinished(series: number, { finished }: OpenHistograms): void {
    for (let i = 0; i < finished.length; i++) {
      this.chunks.push(
        series,
        finished.encoding[i],
        finished.mint[i],
        finished.maxt[i],
        finished.count[i],
        finished.bytes,
        finished.start[i],
        finished.end[i],
      );
    }
    finished.clear();
  }

  /** Moves the open chunk of a series to the next larger slot. */
  private widen(s: number): void {
    const { memory } = this;
    const old = this.slotClass[s];
    const next = old === NO_SLOT ? 0 : old + 1;
    const slot = memory.take(next);
    if (old !== NO_SLOT) {
      const from = memory.offsetOf(this.slots[s]);
      const bytes = memory.bytesOf(this.slots[s]);
      memory.bytesOf(slot).set(bytes.subarray(from, from + SLOT_BYTES[old]), memory.offsetOf(slot));
      memory.give(this.slots[s], old);
    }
    this.slots[s] = slot;
    this.slotClass[s] = next;
  }
}

/** Where the chunk range of `t` ends; also of times before 1970. */
function rangeEnd(t: number): number {
  return (Math.floor(t / CHUNK_RANGE) + 1) * CHUNK_RANGE;
}
