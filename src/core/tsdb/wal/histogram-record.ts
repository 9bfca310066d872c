/**
 * Native histogram samples: integer (types 7, and 9 with custom buckets) and float (8 and 10), and both kinds with
 * start timestamps (12 and 13, whatever the buckets).
 *
 *   type, first ref (8), first t (8), then for each, the first included:
 *     ref and t as varint differences to the first, histogram
 *
 *   12 or 13, ref, t and st of the first as varints, histogram, then for each further one:
 *     ref as a varint difference to the one before, t as one to the first, start marker (start-marker.ts), histogram
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { CorruptionError } from '../../errors.ts';
import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts';
import {
  decodeHistogram,
  encodeHistogram,
  HINT_BYTES,
  isKnownSchema,
  skipHistogram,
} from './histogram-codec.ts';
import { RecordType } from './record-type.ts';
import { SinceFirstEncoder } from './sample-encoder.ts';
import { readStart } from './start-marker.ts';

export function isHistogramRecord(type: number): boolean {
  return (
    (type >= RecordType.histogramSamples && type <= RecordType.customBucketsFloatHistogramSamples) ||
    type === RecordType.histogramSamplesV2 ||
    type === RecordType.floatHistogramSamplesV2
  );
}

/** The type of record (without start timestamps) that a histogram belongs into. */
export function histogramRecordType(h: Histogram): RecordType {
  if (h.schema === CUSTOM_BUCKETS_SCHEMA) {
    return h.isFloat
      ? RecordType.customBucketsFloatHistogramSamples
      : RecordType.customBucketsHistogramSamples;
  }
  return h.isFloat ? RecordType.floatHistogramSamples : RecordType.histogramSamples;
}

/** Walks the histograms of a record without decoding them; `histogram` is for those that are wanted. */
export class HistogramDecoder {
  ref = 0;
  t = 0;
  /** Start timestamp in ms, 0 = none. */
  st = 0;
  isFloat = false;
  /** Where the histogram is in the record, encoded. */
  start = 0;
  end = 0;
  private readonly reader = new ByteReader();
  private withStart = false;
  private count = 0;
  private firstRef = 0;
  private firstT = 0;
  private firstSt = 0;

  /** Throws CorruptionError without a place, as `next` does. */
  begin(record: Uint8Array): void {
    const type = record[0];
    const reader = this.reader;
    reader.reset(record, 1);
    this.isFloat =
      type === RecordType.floatHistogramSamples ||
      type === RecordType.customBucketsFloatHistogramSamples ||
      type === RecordType.floatHistogramSamplesV2;
    this.withStart = type === RecordType.histogramSamplesV2 || type === RecordType.floatHistogramSamplesV2;
    this.count = 0;
    this.st = 0;
    if (!this.withStart && reader.remaining > 0) {
      this.firstRef = reader.int64();
      this.firstT = reader.int64();
    }
  }

  /** Moves to the next histogram; false at the end. */
  next(): boolean {
    const reader = this.reader;
    if (reader.remaining === 0) return false;
    if (this.withStart) this.nextWithStart();
    else {
      this.ref = this.firstRef + reader.varint();
      this.t = this.firstT + reader.varint();
    }
    this.count++;
    this.start = reader.pos;
    skipHistogram(reader, this.isFloat);
    this.end = reader.pos;
    return true;
  }

  /** Whether the histogram's schema is one that anybody knows; Prometheus leaves others out. */
  get isKnown(): boolean {
    return isKnownSchema(new ByteReader(this.reader.bytes, this.start + HINT_BYTES, this.end).varint());
  }

  histogram(): Histogram {
    return decodeHistogram(new ByteReader(this.reader.bytes, this.start, this.end), this.isFloat);
  }

  private nextWithStart(): void {
    const reader = this.reader;
    if (this.count === 0) {
      this.ref = reader.varint();
      this.t = reader.varint();
      this.st = reader.varint();
      this.firstT = this.t;
      this.firstSt = this.st;
      return;
    }
    this.ref += reader.varint();
    this.t = this.firstT + reader.varint();
    this.st = readStart(reader.bytes, reader, reader.end, this.st, this.firstSt);
    if (Number.isNaN(this.st)) throw new CorruptionError('the data ends too early');
  }
}

/** Makes records of one of the types without start timestamps. */
export class HistogramsEncoder extends SinceFirstEncoder {
  private readonly type: RecordType;

  /** `type` is what `histogramRecordType` says of all that will be added. */
  constructor(type: RecordType) {
    super();
    this.type = type;
  }

  add(ref: number, t: number, h: Histogram): void {
    encodeHistogram(h, this.begin(this.type, ref, t));
  }
}
