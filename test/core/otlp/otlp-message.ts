/** Export requests for tests, from one description: in protobuf and in JSON. */
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';

export type Value =
  | null
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly Value[]
  | { pairs: readonly (readonly [string, Value])[] };

export type Pairs = readonly (readonly [string, Value])[];

export interface Exemplar {
  ns?: bigint;
  int?: bigint;
  double?: number;
  traceId?: string;
  spanId?: string;
  attributes?: Pairs;
}

export interface Buckets {
  offset: number;
  counts: readonly number[];
}

export interface Point {
  attributes?: Pairs;
  ns: bigint;
  startNs?: bigint;
  flags?: number;
  int?: bigint;
  double?: number;
  count?: number;
  sum?: number;
  bucketCounts?: readonly number[];
  bounds?: readonly number[];
  scale?: number;
  zeroCount?: number;
  positive?: Buckets;
  negative?: Buckets;
  quantiles?: readonly (readonly [number, number])[];
  exemplars?: readonly Exemplar[];
}

export type Kind = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary';

export interface Metric {
  name: string;
  description?: string;
  unit?: string;
  /** None: a metric without data. */
  kind?: Kind;
  temporality?: number;
  isMonotonic?: boolean;
  points?: readonly Point[];
}

export interface ScopeMetrics {
  name?: string;
  version?: string;
  schemaUrl?: string;
  attributes?: Pairs;
  metrics: readonly Metric[];
}

export interface ResourceMetrics {
  attributes?: Pairs;
  scopes: readonly ScopeMetrics[];
}

const DATA_FIELDS: Readonly<Record<Kind, number>> = {
  gauge: 5,
  sum: 7,
  histogram: 9,
  exponential: 10,
  summary: 11,
};

export function protobufOf(resources: readonly ResourceMetrics[]): Uint8Array<ArrayBuffer> {
  const w = new ProtobufWriter();
  for (const { attributes = [], scopes } of resources) {
    const resourceMetrics = w.begin(1);
    const resource = w.begin(1);
    writePairs(w, 1, attributes);
    w.finish(resource);
    for (const scope of scopes) writeScope(w, scope);
    w.finish(resourceMetrics);
  }
  return w.take().slice() as Uint8Array<ArrayBuffer>;
}

function writeScope(
  w: ProtobufWriter,
  { name = '', version = '', schemaUrl = '', attributes = [], metrics }: ScopeMetrics,
): void {
  const scopeMetrics = w.begin(2);
  const scope = w.begin(1);
  w.string(1, name);
  w.string(2, version);
  writePairs(w, 3, attributes);
  w.finish(scope);
  for (const metric of metrics) {
    const start = w.begin(2);
    w.string(1, metric.name);
    w.string(2, metric.description ?? '');
    w.string(3, metric.unit ?? '');
    if (metric.kind !== undefined) {
      const data = w.begin(DATA_FIELDS[metric.kind]);
      for (const point of metric.points ?? []) {
        const message = w.begin(1);
        writePoint(w, metric.kind, point);
        w.finish(message);
      }
      if (metric.temporality !== undefined) w.uint(2, metric.temporality);
      if (metric.isMonotonic) w.uint(3, 1);
      w.finish(data);
    }
    w.finish(start);
  }
  w.string(3, schemaUrl);
  w.finish(scopeMetrics);
}

function writePoint(w: ProtobufWriter, kind: Kind, point: Point): void {
  const { attributes = [], ns, startNs = 0n, flags = 0, exemplars = [] } = point;
  const isExponential = kind === 'exponential';
  fixed64(w, 2, startNs);
  fixed64(w, 3, ns);
  if (kind === 'gauge' || kind === 'sum') {
    if (point.double !== undefined) w.double(4, point.double);
    if (point.int !== undefined) fixed64(w, 6, BigInt.asUintN(64, point.int));
    for (const exemplar of exemplars) writeExemplar(w, 5, exemplar);
    writePairs(w, 7, attributes);
    w.uint(8, flags);
    return;
  }
  fixed64(w, 4, BigInt(point.count ?? 0));
  if (point.sum !== undefined) w.double(5, point.sum);
  if (kind === 'histogram') {
    const counts = w.begin(6);
    for (const count of point.bucketCounts ?? []) rawFixed64(w, BigInt(count));
    w.finish(counts);
    const bounds = w.begin(7);
    for (const bound of point.bounds ?? []) w.rawDouble(Float64Array.of(bound), 0);
    w.finish(bounds);
    for (const exemplar of exemplars) writeExemplar(w, 8, exemplar);
    w.uint(10, flags);
  }
  if (isExponential) {
    w.sint(6, point.scale ?? 0);
    fixed64(w, 7, BigInt(point.zeroCount ?? 0));
    writeBuckets(w, 8, point.positive);
    writeBuckets(w, 9, point.negative);
    w.uint(10, flags);
    for (const exemplar of exemplars) writeExemplar(w, 11, exemplar);
  }
  if (kind === 'summary') {
    for (const [quantile, value] of point.quantiles ?? []) {
      const message = w.begin(6);
      w.double(1, quantile);
      w.double(2, value);
      w.finish(message);
    }
    w.uint(8, flags);
  }
  writePairs(w, kind === 'histogram' ? 9 : isExponential ? 1 : 7, attributes);
}

function writeBuckets(w: ProtobufWriter, number: number, buckets: Buckets | undefined): void {
  if (buckets === undefined) return;
  const message = w.begin(number);
  w.sint(1, buckets.offset);
  const counts = w.begin(2);
  for (const count of buckets.counts) w.rawUint(count);
  w.finish(counts);
  w.finish(message);
}

function writeExemplar(w: ProtobufWriter, number: number, exemplar: Exemplar): void {
  const { ns = 0n, int, double, traceId = '', spanId = '', attributes = [] } = exemplar;
  const message = w.begin(number);
  fixed64(w, 2, ns);
  if (double !== undefined) w.double(3, double);
  w.raw(4, Buffer.from(spanId, 'hex'));
  w.raw(5, Buffer.from(traceId, 'hex'));
  if (int !== undefined) fixed64(w, 6, BigInt.asUintN(64, int));
  writePairs(w, 7, attributes);
  w.finish(message);
}

function writePairs(w: ProtobufWriter, number: number, pairs: Pairs): void {
  for (const [key, value] of pairs) {
    const pair = w.begin(number);
    w.string(1, key);
    const message = w.begin(2);
    writeValue(w, value);
    w.finish(message);
    w.finish(pair);
  }
}

function writeValue(w: ProtobufWriter, value: Value): void {
  if (value === null) return;
  if (typeof value === 'string') w.string(1, value);
  else if (typeof value === 'boolean') w.uint(2, value ? 1 : 0);
  else if (typeof value === 'bigint') {
    w.uint(3, 0);
    w.length--;
    for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
      w.byte(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
      if (rest <= 0x7fn) break;
    }
  } else if (typeof value === 'number') w.double(4, value);
  else if (value instanceof Uint8Array) w.raw(7, value);
  else if ('pairs' in value) {
    const map = w.begin(6);
    writePairs(w, 1, value.pairs);
    w.finish(map);
  } else {
    const list = w.begin(5);
    for (const inner of value) {
      const message = w.begin(1);
      writeValue(w, inner);
      w.finish(message);
    }
    w.finish(list);
  }
}

function fixed64(w: ProtobufWriter, number: number, value: bigint): void {
  w.byte(number * 8 + 1);
  rawFixed64(w, value);
}

function rawFixed64(w: ProtobufWriter, value: bigint): void {
  for (let i = 0n; i < 64n; i += 8n) w.byte(Number((value >> i) & 0xffn));
}

export function jsonOf(resources: readonly ResourceMetrics[]): string {
  return JSON.stringify({
    resourceMetrics: resources.map(({ attributes = [], scopes }) => ({
      resource: { attributes: jsonPairs(attributes) },
      scopeMetrics: scopes.map(({ metrics, attributes: own = [], schemaUrl, ...scope }) => ({
        scope: { ...scope, attributes: jsonPairs(own) },
        schemaUrl,
        metrics: metrics.map(jsonMetric),
      })),
    })),
  });
}

function jsonMetric({
  name,
  description,
  unit,
  kind,
  temporality,
  isMonotonic,
  points = [],
}: Metric): object {
  const data = { aggregationTemporality: temporality, isMonotonic, dataPoints: points.map(jsonPoint) };
  const key = kind === 'exponential' ? 'exponentialHistogram' : kind;
  return { name, description, unit, ...(key === undefined ? {} : { [key]: data }) };
}

function jsonPoint(point: Point): object {
  const { attributes = [], ns, startNs, int, double, count, bucketCounts, bounds, exemplars } = point;
  return {
    attributes: jsonPairs(attributes),
    timeUnixNano: String(ns),
    startTimeUnixNano: startNs?.toString(),
    flags: point.flags,
    asInt: int?.toString(),
    asDouble: double === undefined ? undefined : jsonDouble(double),
    count: count?.toString(),
    sum: point.sum === undefined ? undefined : jsonDouble(point.sum),
    bucketCounts: bucketCounts?.map(String),
    explicitBounds: bounds?.map(jsonDouble),
    scale: point.scale,
    zeroCount: point.zeroCount?.toString(),
    positive: jsonBuckets(point.positive),
    negative: jsonBuckets(point.negative),
    quantileValues: point.quantiles?.map(([quantile, value]) => ({
      quantile: jsonDouble(quantile),
      value: jsonDouble(value),
    })),
    exemplars: exemplars?.map((exemplar) => ({
      timeUnixNano: exemplar.ns?.toString(),
      asInt: exemplar.int?.toString(),
      asDouble: exemplar.double === undefined ? undefined : jsonDouble(exemplar.double),
      traceId: exemplar.traceId,
      spanId: exemplar.spanId,
      filteredAttributes: jsonPairs(exemplar.attributes ?? []),
    })),
  };
}

function jsonBuckets(buckets: Buckets | undefined): object | undefined {
  return buckets && { offset: buckets.offset, bucketCounts: buckets.counts.map(String) };
}

function jsonDouble(v: number): number | string {
  if (Number.isFinite(v)) return Object.is(v, -0) ? '-0' : v;
  return Number.isNaN(v) ? 'NaN' : v > 0 ? 'Infinity' : '-Infinity';
}

function jsonPairs(pairs: Pairs): object[] {
  return pairs.map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: Value): object {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: jsonDouble(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if ('pairs' in value) return { kvlistValue: { values: jsonPairs(value.pairs) } };
  return { arrayValue: { values: value.map(jsonValue) } };
}
