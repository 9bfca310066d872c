/**
 * Encodes histogram chunks (integer and float counts) a sample at a time, and decides as Prometheus does when a
 * histogram needs a chunk of its own. Layout: docs/format/chunk.md.
 */
import { BitWriter } from '../../encoding/bit-stream.ts';
import { CounterReset, type CounterResetHint, type Histogram, SampleColumns } from '../../model/index.ts';
import { ChunkBits } from './bits.ts';
import { Encoding } from './encoding.ts';
import {
  decodeHistograms,
  FLAGS_OF_RESET,
  HISTOGRAM_HEADER_BYTES,
  openHistogramChunk,
} from './histogram-decoder.ts';
import { fitHistogram, withLayout } from './histogram-fit.ts';
import { EMPTY_LAYOUT, type HistogramLayout, writeLayout } from './histogram-layout.ts';
import { HistogramSamples } from './histogram-samples.ts';

export class HistogramAppender {
  readonly encoding: typeof Encoding.histogram | typeof Encoding.floatHistogram;
  private reset: CounterResetHint = CounterReset.unknown;
  private writer = new BitWriter(128);
  private samples: HistogramSamples;
  private last: Histogram | null = null;

  /** An empty chunk. Histograms appended to it must be of the same kind (`h.isFloat`). */
  constructor(isFloat: boolean) {
    this.encoding = isFloat ? Encoding.floatHistogram : Encoding.histogram;
    this.samples = new HistogramSamples(isFloat, EMPTY_LAYOUT);
    this.writeHeader();
  }

  /** Goes on with a copy of the chunk data [start, end). Throws CorruptionError. */
  static resume(
    encoding: typeof Encoding.histogram | typeof Encoding.floatHistogram,
    data: Uint8Array,
    start: number,
    end: number,
  ): HistogramAppender {
    const appender = new HistogramAppender(encoding === Encoding.floatHistogram);
    const bits = new ChunkBits();
    const chunk = openHistogramChunk(encoding, bits, data, start, end);
    if (chunk === null) return appender;
    for (let i = 0; i < chunk.count; i++) chunk.samples.read(bits);
    appender.samples = chunk.samples;
    appender.last = chunk.samples.current(chunk.reset);
    appender.reset = chunk.reset;
    appender.writer = BitWriter.resume(data.subarray(start, end), bits.at);
    return appender;
  }

  get count(): number {
    return this.samples.length;
  }

  /** Time of the last sample, ms. */
  get t(): number {
    return this.samples.t;
  }

  /** The sample appended last; null in an empty chunk. */
  get lastHistogram(): Histogram | null {
    return this.last;
  }

  /** The chunk's counter-reset header. */
  get counterReset(): CounterResetHint {
    return this.reset;
  }

  get byteLength(): number {
    return this.writer.byteLength;
  }

  /** The chunk data so far: a view, valid until the next append. */
  bytes(): Uint8Array {
    const bytes = this.writer.bytes();
    bytes[0] = this.samples.length >>> 8;
    bytes[1] = this.samples.length;
    bytes[2] = FLAGS_OF_RESET[this.reset];
    return bytes;
  }

  /**
   * Appends `h` (which is kept until the next append, so must not be changed) to this chunk or, where it
   * does not fit, to a new one. Returns the appender that took it. `previous` is the chunk before, where this one
   * is empty and goes on with that one's series: the header then says whether a counter was reset between them.
   */
  append(t: number, h: Histogram, previous: HistogramAppender | null = null): HistogramAppender {
    if (this.last === null) {
      this.reset = headerFor(h, previous);
      this.start(t, h);
      return this;
    }
    const fit = fitHistogram(this.reset === CounterReset.gauge, this.samples.layout, this.last, h);
    if (!fit.fits) {
      const next = new HistogramAppender(h.isFloat);
      next.reset = fit.header;
      next.start(t, h);
      return next;
    }
    if (fit.grows) this.rewrite(fit.layout);
    this.write(t, fit.fills ? withLayout(h, fit.layout) : h);
    return this;
  }

  /** What the header of a chunk would say that goes on from this one with `h`. */
  headerOfNext(h: Histogram): CounterResetHint {
    if (this.last === null) return CounterReset.unknown;
    const fit = fitHistogram(this.reset === CounterReset.gauge, this.samples.layout, this.last, h);
    return fit.fits ? CounterReset.notReset : fit.header;
  }

  private start(t: number, h: Histogram): void {
    const layout = h.stale ? EMPTY_LAYOUT : h;
    this.begin(layout);
    this.write(t, h);
  }

  private begin(layout: HistogramLayout): void {
    this.samples = new HistogramSamples(this.encoding === Encoding.floatHistogram, {
      schema: layout.schema,
      zeroThreshold: layout.zeroThreshold,
      positiveSpans: layout.positiveSpans,
      negativeSpans: layout.negativeSpans,
      customValues: layout.customValues,
    });
    writeLayout(this.writer, layout);
  }

  private write(t: number, h: Histogram): void {
    this.samples.write(this.writer, t, h);
    this.last = h;
  }

  /** Writes all samples again, with more buckets. */
  private rewrite(layout: HistogramLayout): void {
    const bytes = this.bytes();
    const out = new SampleColumns();
    const all = Number.POSITIVE_INFINITY;
    decodeHistograms(this.encoding, bytes, 0, bytes.length, out, -all, all);
    this.writer = new BitWriter(bytes.length * 2);
    this.writeHeader();
    this.begin(layout);
    for (let i = 0; i < out.length; i++) this.write(out.t[i], withLayout(out.histograms![i]!, layout));
  }

  private writeHeader(): void {
    for (let i = 0; i < HISTOGRAM_HEADER_BYTES; i++) this.writer.writeByte(0);
  }
}

/** The header of a chunk that starts with `h`. */
function headerFor(h: Histogram, previous: HistogramAppender | null): CounterResetHint {
  if (h.counterReset === CounterReset.gauge || h.counterReset === CounterReset.reset) return h.counterReset;
  if (previous === null) return CounterReset.unknown;
  const header = previous.headerOfNext(h);
  // For float histograms Prometheus knows of no doubt here.
  return h.isFloat && header !== CounterReset.reset ? CounterReset.notReset : header;
}
