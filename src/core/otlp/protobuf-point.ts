/** Data points of a protobuf request, by kind (opentelemetry/proto/metrics/v1/metrics.proto). */
import { FIXED64, field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { Attributes, DataPoint, type ExponentialBuckets, type NumberList } from './data-point.ts';
import { millisOfHalves } from './nanoseconds.ts';
import { known, passOver, readAttribute, readPair } from './protobuf-value.ts';
import type { MetricKind } from './request.ts';

/** A point whose attributes are passed over, and read when they are asked for. */
export class ProtobufPoint extends DataPoint {
  private readonly reader = new ProtobufReader();
  /** Messages of the attributes, starts and ends. */
  private readonly places: number[] = [];
  private isRead = false;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  override get attributes(): Attributes {
    if (!this.isRead) this.readAttributes();
    return this.pairs;
  }

  override clear(): void {
    super.clear();
    this.places.length = 0;
    this.isRead = false;
    this.keyStart = 0;
    this.keyEnd = 0;
  }

  /** The field of an attribute, from its tag of one byte on. */
  addAttribute(reader: ProtobufReader): void {
    const field = reader.pos - 1;
    const outer = reader.enter();
    this.places.push(reader.pos, reader.end);
    reader.leave(outer);
    if (this.places.length === 2) this.keyStart = field;
    else if (this.keyEnd !== field) this.keyStart = -1;
    this.keyEnd = reader.pos;
  }

  private readAttributes(): void {
    const { reader, places } = this;
    this.isRead = true;
    for (let i = 0; i < places.length; i += 2) {
      reader.reset(this.bytes, places[i], places[i + 1]);
      readAttribute(reader, this.pairs);
    }
  }
}

type PointFields = (reader: ProtobufReader, point: ProtobufPoint) => void;

/** By kind: fills a point that was cleared from a message that has been entered. */
export const POINT_READERS: Readonly<Record<MetricKind, PointFields>> = {
  gauge: readNumberPoint,
  sum: readNumberPoint,
  histogram: readHistogramPoint,
  exponential: readExponentialPoint,
  summary: readSummaryPoint,
};

const NUMBER_POINT = known(2, 3, 4, 5, 6, 7, 8);

function readNumberPoint(reader: ProtobufReader, point: ProtobufPoint): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(2, FIXED64):
        point.startT = readTime(reader);
        break;
      case field(3, FIXED64):
        point.t = readTime(reader);
        break;
      case field(4, FIXED64):
        reader.doubleInto(point.value, 0);
        break;
      case field(5, LENGTH):
        readExemplar(reader, point);
        break;
      case field(6, FIXED64):
        point.value[0] = reader.sfixed64();
        break;
      case field(7, LENGTH):
        point.addAttribute(reader);
        break;
      case field(8, VARINT):
        point.isMissing = isMissing(reader);
        break;
      default:
        passOver(reader, tag, NUMBER_POINT);
    }
  }
}

const HISTOGRAM_POINT = known(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

function readHistogramPoint(reader: ProtobufReader, point: ProtobufPoint): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(2, FIXED64):
        point.startT = readTime(reader);
        break;
      case field(3, FIXED64):
        point.t = readTime(reader);
        break;
      case field(4, FIXED64):
        point.count = reader.fixed64();
        break;
      case field(5, FIXED64):
        reader.doubleInto(point.value, 0);
        point.hasSum = true;
        break;
      case field(6, FIXED64):
        point.bucketCounts.push(reader.fixed64());
        break;
      case field(6, LENGTH):
        readPacked(reader, point.bucketCounts, fixed64);
        break;
      case field(7, FIXED64):
        point.bounds.push(reader.double());
        break;
      case field(7, LENGTH):
        readPacked(reader, point.bounds, double);
        break;
      case field(8, LENGTH):
        readExemplar(reader, point);
        break;
      case field(9, LENGTH):
        point.addAttribute(reader);
        break;
      case field(10, VARINT):
        point.isMissing = isMissing(reader);
        break;
      case field(11, FIXED64):
      case field(12, FIXED64):
        reader.skip(tag);
        break;
      default:
        passOver(reader, tag, HISTOGRAM_POINT);
    }
  }
}

const EXPONENTIAL_POINT = known(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);

function readExponentialPoint(reader: ProtobufReader, point: ProtobufPoint): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(1, LENGTH):
        point.addAttribute(reader);
        break;
      case field(2, FIXED64):
        point.startT = readTime(reader);
        break;
      case field(3, FIXED64):
        point.t = readTime(reader);
        break;
      case field(4, FIXED64):
        point.count = reader.fixed64();
        break;
      case field(5, FIXED64):
        reader.doubleInto(point.value, 0);
        point.hasSum = true;
        break;
      case field(6, VARINT):
        point.scale = reader.sint() | 0;
        break;
      case field(7, FIXED64):
        point.zeroCount = reader.fixed64();
        break;
      case field(8, LENGTH):
        readBuckets(reader, point.positive);
        break;
      case field(9, LENGTH):
        readBuckets(reader, point.negative);
        break;
      case field(10, VARINT):
        point.isMissing = isMissing(reader);
        break;
      case field(11, LENGTH):
        readExemplar(reader, point);
        break;
      case field(12, FIXED64):
      case field(13, FIXED64):
      case field(14, FIXED64):
        reader.skip(tag);
        break;
      default:
        passOver(reader, tag, EXPONENTIAL_POINT);
    }
  }
}

const BUCKETS = known(1, 2);

function readBuckets(reader: ProtobufReader, buckets: ExponentialBuckets): void {
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, VARINT)) buckets.offset = reader.sint() | 0;
    else if (tag === field(2, VARINT)) buckets.counts.push(reader.uint());
    else if (tag === field(2, LENGTH)) readPacked(reader, buckets.counts, uint);
    else passOver(reader, tag, BUCKETS);
  }
  reader.leave(outer);
}

const SUMMARY_POINT = known(2, 3, 4, 5, 6, 7, 8);

function readSummaryPoint(reader: ProtobufReader, point: ProtobufPoint): void {
  point.hasSum = true;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(2, FIXED64):
        point.startT = readTime(reader);
        break;
      case field(3, FIXED64):
        point.t = readTime(reader);
        break;
      case field(4, FIXED64):
        point.count = reader.fixed64();
        break;
      case field(5, FIXED64):
        reader.doubleInto(point.value, 0);
        break;
      case field(6, LENGTH):
        readQuantile(reader, point);
        break;
      case field(7, LENGTH):
        point.addAttribute(reader);
        break;
      case field(8, VARINT):
        point.isMissing = isMissing(reader);
        break;
      default:
        passOver(reader, tag, SUMMARY_POINT);
    }
  }
}

const QUANTILE = known(1, 2);

function readQuantile(reader: ProtobufReader, point: DataPoint): void {
  const outer = reader.enter();
  let quantile = 0;
  let value = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, FIXED64)) quantile = reader.double();
    else if (tag === field(2, FIXED64)) value = reader.double();
    else passOver(reader, tag, QUANTILE);
  }
  point.quantiles.push(quantile);
  point.quantileValues.push(value);
  reader.leave(outer);
}

const EXEMPLAR = known(2, 3, 4, 5, 6, 7);

function readExemplar(reader: ProtobufReader, point: DataPoint): void {
  const outer = reader.enter();
  const attributes = new Attributes();
  let t = 0;
  let v: number | undefined;
  let traceId = '';
  let spanId = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(2, FIXED64):
        t = readTime(reader);
        break;
      case field(3, FIXED64):
        v = reader.double();
        break;
      case field(4, LENGTH):
        spanId = readId(reader, 8, 'span');
        break;
      case field(5, LENGTH):
        traceId = readId(reader, 16, 'trace');
        break;
      case field(6, FIXED64):
        v = reader.sfixed64();
        break;
      case field(7, LENGTH):
        readPair(reader, attributes);
        break;
      default:
        passOver(reader, tag, EXEMPLAR);
    }
  }
  point.exemplars.push({ t, v, traceId, spanId, attributes });
  reader.leave(outer);
}

/** Nothing and zeros are none. */
function readId(reader: ProtobufReader, size: number, what: string): string {
  const bytes = reader.raw();
  if (bytes.length !== 0 && bytes.length !== size) {
    throw reader.fault(`${bytes.length} bytes are no ${what} id, which has ${size}`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return /^0*$/.test(text) ? '' : text;
}

function readTime(reader: ProtobufReader): number {
  const low = reader.fixed32();
  return millisOfHalves(reader.fixed32(), low);
}

function isMissing(reader: ProtobufReader): boolean {
  return reader.uint() % 2 === 1;
}

function readPacked(
  reader: ProtobufReader,
  into: NumberList,
  next: (reader: ProtobufReader) => number,
): void {
  const outer = reader.enter();
  while (reader.pos < reader.end) into.push(next(reader));
  reader.leave(outer);
}

const fixed64 = (reader: ProtobufReader) => reader.fixed64();
const double = (reader: ProtobufReader) => reader.double();
const uint = (reader: ProtobufReader) => reader.uint();
