/**
 * The Histogram message of the client model, which holds a classic histogram, a native one, or both. One object is
 * reused for all of them.
 */
import { FIXED64, field, LENGTH, type ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import type { Exemplar } from '../model/exemplar.ts';
import {
  CounterReset,
  type Histogram,
  MAX_EXPONENTIAL_SCHEMA,
  MIN_EXPONENTIAL_SCHEMA,
  type Span,
} from '../model/histogram.ts';
import { isStale } from '../model/value.ts';
import type { Batch } from './batch.ts';
import { copyValue } from './copy-value.ts';
import { BUCKET, HISTOGRAM, readExemplar, readTimestamp, SPAN } from './protobuf-fields.ts';
import type { KnownFamily, MetricLabels, PartSeries } from './protobuf-series.ts';

/** Which rows are made of histograms. */
export interface HistogramKinds {
  /** Native histograms where there are any; else all are taken for classic ones. */
  native: boolean;
  /** Classic series even where there is a native histogram. */
  alwaysClassic: boolean;
}

export class HistogramMessage {
  /** One row: the sum, with its bits. */
  private readonly sum = new Float64Array(1);
  /** Classic buckets in use; the columns may be longer. */
  private bucketCount = 0;
  private bounds: Float64Array = new Float64Array(16);
  private cumulative: Float64Array = new Float64Array(16);
  /** In order of their buckets. */
  private readonly bucketExemplars: { bucket: number; exemplar: Exemplar }[] = [];
  /** Start timestamp in ms, 0 where there is none. */
  private created = 0;
  private readonly exemplars: Exemplar[] = [];
  private integerCount = 0;
  private floatCount = 0;
  private schema = 0;
  private zeroThreshold = 0;
  private integerZeroCount = 0;
  private floatZeroCount = 0;
  private readonly negative = new Buckets();
  private readonly positive = new Buckets();
  private start = 0;

  /** Reads the message in which the reader is. */
  read(reader: ProtobufReader): void {
    this.clear(reader.pos);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      switch (tag) {
        case field(HISTOGRAM.count, VARINT):
          this.integerCount = reader.uint();
          break;
        case field(HISTOGRAM.countFloat, FIXED64):
          this.floatCount = reader.double();
          break;
        case field(HISTOGRAM.sum, FIXED64):
          reader.doubleInto(this.sum, 0);
          break;
        case field(HISTOGRAM.bucket, LENGTH):
          this.readBucket(reader);
          break;
        case field(HISTOGRAM.created, LENGTH):
          this.created = readTimestamp(reader);
          break;
        case field(HISTOGRAM.exemplars, LENGTH):
          this.exemplars.push(readExemplar(reader));
          break;
        case field(HISTOGRAM.schema, VARINT):
          this.schema = reader.sint();
          break;
        case field(HISTOGRAM.zeroThreshold, FIXED64):
          this.zeroThreshold = reader.double();
          break;
        case field(HISTOGRAM.zeroCount, VARINT):
          this.integerZeroCount = reader.uint();
          break;
        case field(HISTOGRAM.zeroCountFloat, FIXED64):
          this.floatZeroCount = reader.double();
          break;
        default:
          if (!this.positive.read(reader, tag, POSITIVE) && !this.negative.read(reader, tag, NEGATIVE)) {
            reader.skip(tag);
          }
      }
    }
  }

  /**
   * Adds its rows: the native histogram, if there is one, and the classic series (count, sum, buckets) if there is
   * none or the caller wants both. Throws InputError where the native histogram is none that could be stored.
   */
  emit(
    family: KnownFamily,
    labels: MetricLabels,
    batch: Batch,
    t: number,
    reader: ProtobufReader,
    kinds: HistogramKinds,
  ): void {
    const parts = family.partSeries(labels);
    const first = batch.length;
    const isNative = kinds.native && this.isNative;
    if (isNative) this.emitNative(family, parts, labels, batch, t, reader);
    const wantsClassic = !isNative || (kinds.alwaysClassic && this.bucketCount > 0);
    if (wantsClassic) this.emitClassic(family, parts, labels, batch, t);
    if (this.created === 0) return;
    for (let row = first; row < batch.length; row++) batch.setStart(row, this.created);
  }

  /** Whether there is a native histogram in it: the classic kind has no spans and no zero bucket. */
  private get isNative(): boolean {
    return (
      this.positive.spans.length > 0 ||
      this.negative.spans.length > 0 ||
      this.zeroThreshold > 0 ||
      this.integerZeroCount > 0 ||
      this.floatZeroCount > 0
    );
  }

  private emitNative(
    family: KnownFamily,
    parts: PartSeries,
    labels: MetricLabels,
    batch: Batch,
    t: number,
    reader: ProtobufReader,
  ): void {
    const histogram = this.native(reader, family.family.type === 'gaugehistogram');
    const row = batch.push(family.nativeSeries(parts, labels), t, 0);
    batch.histograms.set(row, histogram);
    const found = this.exemplars.length > 0 ? this.exemplars : this.bucketExemplars.map((of) => of.exemplar);
    // Of several exemplars only the time tells which are new, so those without are of no use.
    for (const exemplar of found) if (exemplar.t !== undefined) batch.exemplars.push({ row, exemplar });
  }

  private emitClassic(
    family: KnownFamily,
    parts: PartSeries,
    labels: MetricLabels,
    batch: Batch,
    t: number,
  ): void {
    const count = this.floatCount > 0 ? this.floatCount : this.integerCount;
    batch.push(family.countSeries(parts, labels), t, count);
    copyValue(this.sum, 0, batch, batch.push(family.sumSeries(parts, labels), t, 0));
    const n = this.bucketCount;
    const first = batch.length;
    for (let i = 0; i < n; i++) {
      batch.push(family.boundSeries(parts, labels, i, this.bounds[i]), t, this.cumulative[i]);
    }
    for (const { bucket, exemplar } of this.bucketExemplars)
      batch.exemplars.push({ row: first + bucket, exemplar });
    if (n > 0 && this.bounds[n - 1] === Number.POSITIVE_INFINITY) return;
    batch.push(family.boundSeries(parts, labels, n, Number.POSITIVE_INFINITY), t, count);
  }

  private native(reader: ProtobufReader, isGauge: boolean): Histogram {
    if (this.schema < MIN_EXPONENTIAL_SCHEMA || this.schema > MAX_EXPONENTIAL_SCHEMA) {
      throw reader.fault(`no histogram schema: ${this.schema}`, this.start);
    }
    const isFloat = this.floatCount > 0 || this.floatZeroCount > 0;
    const stale = isStale(this.sum, 0);
    return {
      isFloat,
      counterReset: isGauge ? CounterReset.gauge : CounterReset.unknown,
      schema: this.schema,
      zeroThreshold: this.zeroThreshold,
      zeroCount: isFloat ? this.floatZeroCount : this.integerZeroCount,
      count: isFloat ? this.floatCount : this.integerCount,
      sum: stale ? Number.NaN : this.sum[0],
      stale,
      positiveSpans: this.positive.spans.slice(),
      negativeSpans: this.negative.spans.slice(),
      positiveBuckets: this.positive.counts(reader, isFloat, this.start),
      negativeBuckets: this.negative.counts(reader, isFloat, this.start),
      customValues: new Float64Array(0),
    };
  }

  private clear(start: number): void {
    this.start = start;
    this.sum[0] = 0;
    this.bucketCount = 0;
    this.bucketExemplars.length = 0;
    this.created = 0;
    this.exemplars.length = 0;
    this.integerCount = 0;
    this.floatCount = 0;
    this.schema = 0;
    this.zeroThreshold = 0;
    this.integerZeroCount = 0;
    this.floatZeroCount = 0;
    this.negative.clear();
    this.positive.clear();
  }

  private readBucket(reader: ProtobufReader): void {
    const outer = reader.enter();
    const bucket = this.bucketCount++;
    if (bucket === this.bounds.length) this.widen();
    let integer = 0;
    let float = 0;
    this.bounds[bucket] = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(BUCKET.cumulative, VARINT)) integer = reader.uint();
      else if (tag === field(BUCKET.cumulativeFloat, FIXED64)) float = reader.double();
      else if (tag === field(BUCKET.upperBound, FIXED64)) this.bounds[bucket] = reader.double();
      else if (tag === field(BUCKET.exemplar, LENGTH)) {
        this.bucketExemplars.push({ bucket, exemplar: readExemplar(reader) });
      } else reader.skip(tag);
    }
    this.cumulative[bucket] = float > 0 ? float : integer;
    reader.leave(outer);
  }

  private widen(): void {
    const bounds = new Float64Array(this.bounds.length * 2);
    bounds.set(this.bounds);
    this.bounds = bounds;
    const cumulative = new Float64Array(bounds.length);
    cumulative.set(this.cumulative);
    this.cumulative = cumulative;
  }
}

interface SideFields {
  span: number;
  delta: number;
  count: number;
}

const POSITIVE: SideFields = {
  span: HISTOGRAM.positiveSpan,
  delta: HISTOGRAM.positiveDelta,
  count: HISTOGRAM.positiveCount,
};
const NEGATIVE: SideFields = {
  span: HISTOGRAM.negativeSpan,
  delta: HISTOGRAM.negativeDelta,
  count: HISTOGRAM.negativeCount,
};

/** The positive or the negative buckets of a native histogram. */
class Buckets {
  readonly spans: Span[] = [];
  private readonly deltas: number[] = [];
  private readonly absolute: number[] = [];

  clear(): void {
    this.spans.length = 0;
    this.deltas.length = 0;
    this.absolute.length = 0;
  }

  /** Reads the field with this tag if it is one of this side's. */
  read(reader: ProtobufReader, tag: number, fields: SideFields): boolean {
    switch (tag) {
      case field(fields.span, LENGTH):
        this.readSpan(reader);
        return true;
      case field(fields.delta, VARINT):
        this.deltas.push(reader.sint());
        return true;
      case field(fields.count, FIXED64):
        this.absolute.push(reader.double());
        return true;
      case field(fields.delta, LENGTH):
      case field(fields.count, LENGTH): {
        const outer = reader.enter();
        const packsDeltas = tag === field(fields.delta, LENGTH);
        while (reader.pos < reader.end) {
          if (packsDeltas) this.deltas.push(reader.sint());
          else this.absolute.push(reader.double());
        }
        reader.leave(outer);
        return true;
      }
      default:
        return false;
    }
  }

  counts(reader: ProtobufReader, isFloat: boolean, start: number): Float64Array {
    const given = isFloat ? this.absolute : this.deltas;
    let covered = 0;
    for (const span of this.spans) covered += span.length;
    if (covered !== given.length) {
      throw reader.fault(`spans need ${covered} buckets, have ${given.length} buckets`, start);
    }
    if (isFloat) return Float64Array.from(given);
    const counts = new Float64Array(given.length);
    let count = 0;
    for (let i = 0; i < given.length; i++) counts[i] = count += given[i];
    return counts;
  }

  private readSpan(reader: ProtobufReader): void {
    const outer = reader.enter();
    const span: Span = { offset: 0, length: 0 };
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(SPAN.offset, VARINT)) span.offset = reader.sint();
      else if (tag === field(SPAN.length, VARINT)) span.length = reader.uint();
      else reader.skip(tag);
    }
    if (this.spans.length > 0 && span.offset < 0) throw reader.fault('a span with a negative offset');
    reader.leave(outer);
    this.spans.push(span);
  }
}
