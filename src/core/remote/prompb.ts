/**
 * The messages that remote write 1.0 and remote read share: labels, samples and native histograms. Specified in
 * prometheus/prometheus, prompb/types.proto.
 */
import { FIXED64, field, LENGTH, type ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import type { SampleColumns } from '../model/columns.ts';
import { CounterReset, type CounterResetHint, type Histogram, type Span } from '../model/histogram.ts';
import { isStale } from '../model/value.ts';

/** Reads the Label message in which the reader is. */
export function readLabel(reader: ProtobufReader): [name: string, value: string] {
  const label: [string, string] = ['', ''];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, LENGTH)) label[0] = reader.string();
    else if (tag === field(2, LENGTH)) label[1] = reader.string();
    else reader.skip(tag);
  }
  return label;
}

/** Reads the Sample message in which the reader is into the next row of `out`, all bits of its value included. */
export function readSample(reader: ProtobufReader, out: SampleColumns): void {
  const row = out.length;
  out.reserve(row + 1);
  out.t[row] = 0;
  out.v[row] = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, FIXED64)) reader.doubleInto(out.v, row);
    else if (tag === field(2, VARINT)) out.t[row] = reader.int();
    else reader.skip(tag);
  }
  if (out.histograms !== null) out.histograms[row] = null;
  out.length = row + 1;
}

const RESET_HINTS: readonly CounterResetHint[] = [
  CounterReset.unknown,
  CounterReset.reset,
  CounterReset.notReset,
  CounterReset.gauge,
];

/** Reads the Histogram message in which the reader is. */
export function readHistogram(reader: ProtobufReader): { t: number; h: Histogram } {
  const sum = new Float64Array(1);
  const positive = new Side();
  const negative = new Side();
  let customValues = new Float64Array(0);
  const h = { isFloat: false, count: 0, schema: 0, zeroThreshold: 0, zeroCount: 0 };
  let counterReset: CounterResetHint = CounterReset.unknown;
  let t = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(1, VARINT):
        h.count = reader.uint();
        break;
      case field(2, FIXED64):
        h.count = reader.double();
        h.isFloat = true;
        break;
      case field(3, FIXED64):
        reader.doubleInto(sum, 0);
        break;
      case field(4, VARINT):
        h.schema = reader.sint();
        break;
      case field(5, FIXED64):
        h.zeroThreshold = reader.double();
        break;
      case field(6, VARINT):
        h.zeroCount = reader.uint();
        break;
      case field(7, FIXED64):
        h.zeroCount = reader.double();
        h.isFloat = true;
        break;
      case field(14, VARINT):
        counterReset = RESET_HINTS[reader.uint()] ?? CounterReset.unknown;
        break;
      case field(15, VARINT):
        t = reader.int();
        break;
      case field(16, LENGTH):
        customValues = packedDoubles(reader);
        break;
      default:
        if (!negative.read(reader, tag, 8) && !positive.read(reader, tag, 11)) reader.skip(tag);
    }
  }
  return {
    t,
    h: {
      ...h,
      counterReset,
      sum: sum[0],
      stale: isStale(sum, 0),
      positiveSpans: positive.spans,
      negativeSpans: negative.spans,
      positiveBuckets: positive.buckets,
      negativeBuckets: negative.buckets,
      customValues,
    },
  };
}

/** The buckets above, or below, zero: three fields that follow one another. */
class Side {
  readonly spans: Span[] = [];
  buckets = new Float64Array(0);

  /** False where the field is another one. `first` is the number of the spans' field. */
  read(reader: ProtobufReader, tag: number, first: number): boolean {
    switch (tag) {
      case field(first, LENGTH):
        this.spans.push(readSpan(reader));
        return true;
      case field(first + 1, LENGTH):
        this.buckets = packedDeltas(reader);
        return true;
      case field(first + 2, LENGTH):
        this.buckets = packedDoubles(reader);
        return true;
      default:
        return false;
    }
  }
}

function readSpan(reader: ProtobufReader): Span {
  const span: Span = { offset: 0, length: 0 };
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, VARINT)) span.offset = reader.sint();
    else if (tag === field(2, VARINT)) span.length = reader.uint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return span;
}

/** Differences from bucket to bucket, as absolute counts. */
function packedDeltas(reader: ProtobufReader): Float64Array<ArrayBuffer> {
  const counts: number[] = [];
  const outer = reader.enter();
  let count = 0;
  while (reader.pos < reader.end) counts.push((count += reader.sint()));
  reader.leave(outer);
  return Float64Array.from(counts);
}

function packedDoubles(reader: ProtobufReader): Float64Array<ArrayBuffer> {
  const outer = reader.enter();
  const values = new Float64Array((reader.end - reader.pos) / 8);
  for (let i = 0; i < values.length; i++) values[i] = reader.double();
  reader.leave(outer);
  return values;
}
