/** Reads an ExportMetricsServiceRequest in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
import { InputError } from '../errors.ts';
import { Attributes, DataPoint, type ExponentialBuckets } from './data-point.ts';
import {
  boolOf,
  doubleOf,
  idOf,
  int32Of,
  integerOf,
  type JsonObject,
  jsonFault,
  listOf,
  member,
  objectOf,
  pushAll,
  readJsonAttributes,
  textOf,
  timeOf,
  unsignedOf,
} from './json-value.ts';
import { type MetricKind, type RequestReader, Temporality, TURN_POINTS } from './request.ts';

/** Reads on to the next turn with each step. Throws InputError. */
export function* readJson(body: Uint8Array, to: RequestReader): Generator<undefined, void> {
  const request = objectOf(parsed(body), 'the request');
  let points = 0;
  for (const entry of listOf(member(request, 'resourceMetrics', 'resource_metrics'), 'resourceMetrics')) {
    const resourceMetrics = objectOf(entry, 'resourceMetrics');
    const attributes = new Attributes();
    const resource = objectOf(member(resourceMetrics, 'resource'), 'resource');
    readJsonAttributes(member(resource, 'attributes'), 'attributes', attributes);
    to.resource(attributes);
    for (const inner of listOf(member(resourceMetrics, 'scopeMetrics', 'scope_metrics'), 'scopeMetrics')) {
      const scopeMetrics = objectOf(inner, 'scopeMetrics');
      readScope(scopeMetrics, to);
      for (const value of listOf(member(scopeMetrics, 'metrics'), 'metrics')) {
        const metric = new JsonMetric(objectOf(value, 'metrics'));
        to.metric(metric);
        for (const point of metric.points()) {
          to.point(point);
          if (++points % TURN_POINTS === 0) yield;
        }
      }
    }
    to.endResource();
  }
}

function parsed(body: Uint8Array): unknown {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError('bad_json', `no JSON: ${(error as Error).message}`);
  }
}

function readScope(scopeMetrics: JsonObject, to: RequestReader): void {
  const scope = objectOf(member(scopeMetrics, 'scope'), 'scope');
  const attributes = new Attributes();
  readJsonAttributes(member(scope, 'attributes'), 'attributes', attributes);
  to.scope({
    name: textOf(member(scope, 'name'), 'name'),
    version: textOf(member(scope, 'version'), 'version'),
    schemaUrl: textOf(member(scopeMetrics, 'schemaUrl', 'schema_url'), 'schemaUrl'),
    attributes,
  });
}

const KINDS: readonly (readonly [kind: MetricKind, name: string, other: string])[] = [
  ['gauge', 'gauge', 'gauge'],
  ['sum', 'sum', 'sum'],
  ['histogram', 'histogram', 'histogram'],
  ['exponential', 'exponentialHistogram', 'exponential_histogram'],
  ['summary', 'summary', 'summary'],
];

const TEMPORALITIES: Readonly<Record<string, number>> = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: Temporality.unspecified,
  AGGREGATION_TEMPORALITY_DELTA: Temporality.delta,
  AGGREGATION_TEMPORALITY_CUMULATIVE: Temporality.cumulative,
};

class JsonMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: MetricKind | undefined;
  readonly temporality: number;
  readonly isMonotonic: boolean;
  readonly pointCount: number;
  private readonly list: readonly unknown[];
  private readonly dataPoint = new DataPoint();

  constructor(metric: JsonObject) {
    this.name = textOf(member(metric, 'name'), 'name');
    this.description = textOf(member(metric, 'description'), 'description');
    this.unit = textOf(member(metric, 'unit'), 'unit');
    const found = KINDS.find(([, name, other]) => member(metric, name, other) !== undefined);
    this.kind = found?.[0];
    const data = found === undefined ? {} : objectOf(member(metric, found[1], found[2]), found[1]);
    const temporality = member(data, 'aggregationTemporality', 'aggregation_temporality');
    this.temporality = temporalityOf(temporality);
    this.isMonotonic = boolOf(member(data, 'isMonotonic', 'is_monotonic'), 'isMonotonic');
    this.list = listOf(member(data, 'dataPoints', 'data_points'), 'dataPoints');
    this.pointCount = this.list.length;
  }

  *points(): Generator<DataPoint, void> {
    const { dataPoint } = this;
    for (const entry of this.list) {
      dataPoint.clear();
      readPoint(objectOf(entry, 'dataPoints'), dataPoint, this.kind === 'summary');
      yield dataPoint;
    }
  }
}

function temporalityOf(value: unknown): number {
  if (typeof value !== 'string') return integerOf(value, 'aggregationTemporality');
  const temporality = Object.hasOwn(TEMPORALITIES, value) ? TEMPORALITIES[value] : undefined;
  if (temporality === undefined) throw jsonFault('aggregationTemporality', 'one that there is');
  return temporality;
}

/** The kinds' fields have different names, or mean the same. */
function readPoint(object: JsonObject, point: DataPoint, isSummary: boolean): void {
  const of = (name: string, other: string = name) => member(object, name, other);
  readJsonAttributes(of('attributes'), 'attributes', point.attributes);
  point.t = timeOf(of('timeUnixNano', 'time_unix_nano'), 'timeUnixNano');
  point.startT = timeOf(of('startTimeUnixNano', 'start_time_unix_nano'), 'startTimeUnixNano');
  point.isMissing = unsignedOf(of('flags'), 'flags') % 2 === 1;
  point.count = unsignedOf(of('count'), 'count');
  const value = numberOf(object);
  const sum = of('sum');
  point.hasSum = isSummary || sum !== undefined;
  point.value[0] = value ?? doubleOf(sum, 'sum');
  pushAll(of('bucketCounts', 'bucket_counts'), 'bucketCounts', point.bucketCounts, unsignedOf);
  pushAll(of('explicitBounds', 'explicit_bounds'), 'explicitBounds', point.bounds, doubleOf);
  point.scale = int32Of(of('scale'), 'scale');
  point.zeroCount = unsignedOf(of('zeroCount', 'zero_count'), 'zeroCount');
  readBuckets(of('positive'), 'positive', point.positive);
  readBuckets(of('negative'), 'negative', point.negative);
  for (const entry of listOf(of('quantileValues', 'quantile_values'), 'quantileValues')) {
    const quantile = objectOf(entry, 'quantileValues');
    point.quantiles.push(doubleOf(member(quantile, 'quantile'), 'quantile'));
    point.quantileValues.push(doubleOf(member(quantile, 'value'), 'value'));
  }
  for (const entry of listOf(of('exemplars'), 'exemplars')) readExemplar(objectOf(entry, 'exemplars'), point);
}

/** Of a number or an exemplar; undefined where there is none. */
function numberOf(object: JsonObject): number | undefined {
  const double = member(object, 'asDouble', 'as_double');
  if (double !== undefined) return doubleOf(double, 'asDouble');
  const integer = member(object, 'asInt', 'as_int');
  return integer === undefined ? undefined : integerOf(integer, 'asInt');
}

function readBuckets(value: unknown, name: string, buckets: ExponentialBuckets): void {
  const object = objectOf(value, name);
  buckets.offset = int32Of(member(object, 'offset'), 'offset');
  const counts = member(object, 'bucketCounts', 'bucket_counts');
  pushAll(counts, 'bucketCounts', buckets.counts, unsignedOf);
}

function readExemplar(object: JsonObject, point: DataPoint): void {
  const attributes = new Attributes();
  const filtered = member(object, 'filteredAttributes', 'filtered_attributes');
  readJsonAttributes(filtered, 'filteredAttributes', attributes);
  point.exemplars.push({
    t: timeOf(member(object, 'timeUnixNano', 'time_unix_nano'), 'timeUnixNano'),
    v: numberOf(object),
    traceId: idOf(member(object, 'traceId', 'trace_id'), 16, 'traceId'),
    spanId: idOf(member(object, 'spanId', 'span_id'), 8, 'spanId'),
    attributes,
  });
}
