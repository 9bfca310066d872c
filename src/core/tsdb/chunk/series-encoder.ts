/**
 * Turns the samples of one series into chunks, cut where Prometheus cuts them: by the head's rules (what was
 * scraped or imported), or by those of a merge, which only counts to 120.
 */
import type { Histogram, SampleColumns } from '../../model/index.ts';
import type { ChunkList } from './chunk-list.ts';
import {
  chunkRangeEnd,
  floatChunkEnd,
  floatChunkIsFull,
  type HistogramChunkPlan,
  histogramChunkIsFull,
  planHistogramChunk,
  SAMPLES_PER_CHUNK,
} from './cut.ts';
import { Encoding } from './encoding.ts';
import { HistogramAppender } from './histogram-appender.ts';
import { appendXor, XOR_SAMPLE_ROOM, XorStates } from './xor-appender.ts';
import { halvesOf } from './xor-decoder.ts';

/** `chunkRange` in ms for the head's rules; 'merge' for those of a merge. */
export type CutRule = number | 'merge';

export class SeriesEncoder {
  private readonly rule: CutRule;
  private readonly out: ChunkList;
  private readonly xor = new XorStates(1);
  private histogram: HistogramAppender | null = null;
  private readonly plan: HistogramChunkPlan = { end: 0, predicted: false };
  /** Time of the open chunk's first sample. */
  private mint = 0;
  private floatEnd = 0;

  /** Finished chunks go to `out`, which the caller clears. */
  constructor(rule: CutRule, out: ChunkList) {
    this.rule = rule;
    this.out = out;
  }

  /**
   * Appends rows [from, to) of one series, whose times ascend; may be called again for more of the same series.
   * Start timestamps are not kept: no encoding that is written has room for them.
   */
  append(columns: SampleColumns, from = 0, to: number = columns.length): void {
    const { t, v, histograms } = columns;
    let row = from;
    while (row < to) {
      const h = histograms === null ? null : (histograms[row] ?? null);
      if (h !== null) {
        this.appendHistogram(t[row], h);
        row++;
        continue;
      }
      let until = row + 1;
      while (until < to && (histograms === null || (histograms[until] ?? null) === null)) until++;
      this.appendFloats(t, v, row, until);
      row = until;
    }
  }

  /** Finishes the open chunk; the next samples are another series'. */
  finish(): void {
    this.cutFloats();
    this.cutHistograms();
  }

  private appendFloats(t: Float64Array, v: Float64Array, from: number, to: number): void {
    this.cutHistograms();
    const halves = halvesOf(v);
    const { xor, out, rule } = this;
    for (let row = from; row < to; row++) {
      const time = t[row];
      let count = xor.count[0];
      if (count > 0) {
        let full: boolean;
        if (rule === 'merge') {
          full = count >= SAMPLES_PER_CHUNK;
        } else {
          this.floatEnd = floatChunkEnd(count, this.mint, xor.t[0], this.floatEnd);
          full = floatChunkIsFull(count, xor.byteLength(0), this.floatEnd, time);
        }
        if (full) {
          this.cutFloats();
          count = 0;
        }
      }
      if (count === 0) {
        this.mint = time;
        if (rule !== 'merge') this.floatEnd = chunkRangeEnd(time, rule);
      }
      out.reserve(xor.byteLength(0) + XOR_SAMPLE_ROOM);
      appendXor(xor, 0, out.bytes, out.used, time, halves[row * 2 + 1], halves[row * 2]);
    }
  }

  private cutFloats(): void {
    const { xor, out } = this;
    if (xor.count[0] === 0) return;
    out.close(Encoding.xor, this.mint, xor.t[0], xor.count[0], xor.byteLength(0));
    xor.clear(0);
  }

  private appendHistogram(t: number, h: Histogram): void {
    this.cutFloats();
    let open = this.histogram;
    let previous: HistogramAppender | null = null;
    if (open !== null) {
      const otherKind = (open.encoding === Encoding.floatHistogram) !== h.isFloat;
      if (otherKind || this.isFull(open, t)) {
        this.cutHistograms();
        // Only the head compares a new chunk to the one before, and only to one of its kind.
        previous = otherKind || this.rule === 'merge' ? null : open;
        open = null;
      }
    }
    if (open === null) {
      open = new HistogramAppender(h.isFloat);
      this.startHistograms(t, true);
    }
    this.histogram = open;
    const took = open.append(t, h, previous);
    if (took === open) return;
    this.cutHistograms();
    this.startHistograms(t, false);
    this.histogram = took;
  }

  private startHistograms(t: number, asPlanned: boolean): void {
    this.mint = t;
    if (this.rule !== 'merge') this.plan.end = chunkRangeEnd(t, this.rule);
    // A chunk that starts because a histogram did not fit keeps the prediction flag of the one before: so it is
    // in Prometheus, and decides where its chunks end.
    if (asPlanned) this.plan.predicted = false;
  }

  private isFull(open: HistogramAppender, t: number): boolean {
    if (this.rule === 'merge') return open.count >= SAMPLES_PER_CHUNK;
    const latest = this.plan.predicted ? chunkRangeEnd(this.mint, this.rule) : this.plan.end;
    planHistogramChunk(open.byteLength, this.mint, open.t, this.plan);
    return histogramChunkIsFull(open.count, open.byteLength, this.plan.end, latest, t);
  }

  private cutHistograms(): void {
    const open = this.histogram;
    if (open === null) return;
    const bytes = open.bytes();
    this.out.push(open.encoding, this.mint, open.t, open.count, bytes, 0, bytes.length);
    this.histogram = null;
  }
}
