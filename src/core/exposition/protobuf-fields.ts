/**
 * The tags of the io.prometheus.client model, and its messages that several others share (docs/format/protobuf.md).
 * Schema: https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */
import { FIXED64, field, LENGTH, type ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import type { ProtobufWriter } from '../encoding/protobuf-writer.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { type Labels, labelsFromPairs } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import { isValidLabelName } from '../model/names.ts';
import type { Family } from './series-table.ts';

/** Field numbers, by message. */
export const FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
export const METRIC = {
  label: 1,
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  timestampMs: 6,
  histogram: 7,
} as const;
export const COUNTER = { value: 1, exemplar: 2, created: 3 } as const;
export const SUMMARY = { count: 1, sum: 2, quantile: 3, created: 4 } as const;
export const QUANTILE = { quantile: 1, value: 2 } as const;
export const HISTOGRAM = {
  count: 1,
  sum: 2,
  bucket: 3,
  countFloat: 4,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  zeroCountFloat: 8,
  negativeSpan: 9,
  negativeDelta: 10,
  negativeCount: 11,
  positiveSpan: 12,
  positiveDelta: 13,
  positiveCount: 14,
  created: 15,
  exemplars: 16,
} as const;
export const BUCKET = { cumulative: 1, upperBound: 2, exemplar: 3, cumulativeFloat: 4 } as const;
export const SPAN = { offset: 1, length: 2 } as const;
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;
const LABEL = { name: 1, value: 2 } as const;
const TIMESTAMP = { seconds: 1, nanos: 2 } as const;

/** The enum MetricType. Types that it lacks are written as the nearest one. */
export const TYPES: readonly MetricType[] = [
  'counter',
  'gauge',
  'summary',
  'unknown',
  'histogram',
  'gaugehistogram',
];

/** Whether the family's name ends with its unit, as it must (before the `_total` of a counter). */
export function unitFits({ name, type, unit }: Family): boolean {
  const base = type === 'counter' ? name.replace(/_total$/, '') : name;
  return base.length > unit.length + 1 && base.endsWith(`_${unit}`);
}

/** Reads the LabelPair that the reader stands before. */
export function readLabelPair(reader: ProtobufReader): [string, string] {
  const outer = reader.enter();
  const start = reader.pos;
  let name = '';
  let value = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(LABEL.name, LENGTH)) name = reader.string();
    else if (tag === field(LABEL.value, LENGTH)) value = reader.string();
    else reader.skip(tag);
  }
  if (!isValidLabelName(name)) throw reader.fault('a label without a name', start);
  reader.leave(outer);
  return [name, value];
}

/** Sorts label pairs; a name that occurs twice is a fault of the metric at `start`. */
export function labelsOf(reader: ProtobufReader, pairs: readonly [string, string][], start: number): Labels {
  try {
    return labelsFromPairs(pairs);
  } catch (error) {
    throw error instanceof RangeError ? reader.fault(error.message, start) : error;
  }
}

/** Reads a google.protobuf.Timestamp; milliseconds since the epoch. */
export function readTimestamp(reader: ProtobufReader): number {
  const outer = reader.enter();
  let seconds = 0;
  let nanos = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(TIMESTAMP.seconds, VARINT)) seconds = reader.int();
    else if (tag === field(TIMESTAMP.nanos, VARINT)) nanos = reader.int();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return seconds * 1000 + Math.floor(nanos / 1e6);
}

export function writeTimestamp(out: ProtobufWriter, number: number, t: number): void {
  const seconds = Math.floor(t / 1000);
  const start = out.begin(number);
  if (seconds !== 0) out.int(TIMESTAMP.seconds, seconds);
  const ms = t - seconds * 1000;
  if (ms !== 0) out.uint(TIMESTAMP.nanos, ms * 1e6);
  out.finish(start);
}

export function readExemplar(reader: ProtobufReader): Exemplar {
  const outer = reader.enter();
  const start = reader.pos;
  const pairs: [string, string][] = [];
  let v = 0;
  let t: number | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(EXEMPLAR.label, LENGTH)) pairs.push(readLabelPair(reader));
    else if (tag === field(EXEMPLAR.value, FIXED64)) v = reader.double();
    else if (tag === field(EXEMPLAR.timestamp, LENGTH)) t = readTimestamp(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { labels: labelsOf(reader, pairs, start), v, t };
}

export function writeExemplar(out: ProtobufWriter, number: number, exemplar: Exemplar): void {
  const start = out.begin(number);
  for (const [name, value] of exemplar.labels) writeLabelPair(out, EXEMPLAR.label, name, value);
  out.double(EXEMPLAR.value, exemplar.v);
  if (exemplar.t !== undefined) writeTimestamp(out, EXEMPLAR.timestamp, exemplar.t);
  out.finish(start);
}

export function writeLabelPair(out: ProtobufWriter, number: number, name: string, value: string): void {
  const start = out.begin(number);
  out.string(LABEL.name, name);
  out.string(LABEL.value, value);
  out.finish(start);
}
