/**
 * From the metrics of an export request to series and their samples, as Prometheus stores them.
 * See docs/format/otlp.md; specified in
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */
import { CounterReset, type Histogram, MIN_EXPONENTIAL_SCHEMA } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata, MetricType } from '../model/metadata.ts';
import { formatF } from '../model/number.ts';
import { goQuote } from '../model/quote.ts';
import type { Attributes, DataPoint, NumberList } from './data-point.ts';
import { exemplarOf } from './exemplars.ts';
import type { Intake } from './intake.ts';
import { escapes, metricName } from './metric-name.ts';
import { customHistogram, exponentialHistogram } from './native-histogram.ts';
import type { OtlpConfig } from './otlp-config.ts';
import { PointLabels } from './point-labels.ts';
import { type MetricHead, type MetricKind, type RequestReader, type Scope, Temporality } from './request.ts';
import { TargetInfo } from './target-info.ts';
import { unitName } from './unit.ts';

export interface TranslatorSettings {
  config: OtlpConfig;
  /** How far back a query looks for a sample. */
  lookbackMs: number;
  /** Take what has delta temporality as it is (upstream's feature `otlp-native-delta-ingestion`). */
  nativeDelta: boolean;
  /** Upstream's feature `type-and-unit-labels`. */
  typeAndUnitLabels: boolean;
  /** Upstream's feature `created-timestamp-zero-ingestion`. */
  createdAsStart: boolean;
}

/** A log tells of so many troubles of one request. */
const MAX_TROUBLES = 10;

const TYPES: Readonly<Record<MetricKind, MetricType>> = {
  gauge: 'gauge',
  sum: 'counter',
  histogram: 'histogram',
  exponential: 'histogram',
  summary: 'summary',
};

/** A series of the bucket up to a bound. */
interface BoundSeries {
  ref: number;
  bound: number;
}

export class Translator implements RequestReader {
  private readonly settings: TranslatorSettings;
  private readonly intake: Intake;
  private readonly labels: PointLabels;
  private readonly target: TargetInfo;
  /** Of the metric whose points come. */
  private kind: MetricKind | undefined = undefined;
  private name = '';
  private metadata: Metadata = { type: 'unknown', help: '', unit: '' };
  private counterReset: Histogram['counterReset'] = CounterReset.unknown;
  /** Whether its points tell when they began to count. */
  private hasStart = false;
  /** What was left out, for the log. */
  readonly troubles: string[] = [];

  constructor(settings: TranslatorSettings, intake: Intake) {
    this.settings = settings;
    this.intake = intake;
    this.labels = new PointLabels(settings.config);
    this.target = new TargetInfo(settings.lookbackMs);
  }

  resource(attributes: Attributes): void {
    this.labels.setResource(attributes);
    this.target.begin(this.labels.ofResource(attributes));
  }

  scope(scope: Scope): void {
    this.labels.setScope(scope);
  }

  metric(head: MetricHead): void {
    const { config, nativeDelta, typeAndUnitLabels, createdAsStart } = this.settings;
    this.kind = undefined;
    const refused = refusal(head, nativeDelta);
    if (refused !== undefined) {
      this.trouble(refused);
      return;
    }
    this.name = metricName(head, config.translationStrategy);
    if (this.name === '') {
      this.trouble(`normalization for metric ${goQuote(head.name)} resulted in empty name`);
      return;
    }
    const { kind, temporality, isMonotonic } = head;
    const isDelta = hasTemporality(kind!) && temporality === Temporality.delta;
    const counts = kind !== 'gauge' && (kind !== 'sum' || isMonotonic);
    let type = TYPES[kind!];
    if (isDelta) type = 'unknown';
    else if (!counts) type = 'gauge';
    const unit = unitName(head.unit, escapes(config.translationStrategy));
    this.metadata = { type, help: head.description, unit };
    this.labels.setTypeAndUnit(typeAndUnitLabels ? { type, unit } : undefined);
    this.counterReset = isDelta ? CounterReset.gauge : CounterReset.unknown;
    this.hasStart = createdAsStart && counts && !isDelta;
    this.kind = kind;
  }

  point(point: DataPoint): void {
    this.target.see(point.t);
    if (this.kind === undefined || this.intake.fault !== undefined) return;
    switch (this.kind) {
      case 'gauge':
      case 'sum':
        this.number(point);
        return;
      case 'histogram':
        if (this.settings.config.convertHistogramsToNhcb) this.native(point, customHistogram);
        else this.classic(point);
        return;
      case 'exponential':
        if (point.scale >= MIN_EXPONENTIAL_SCHEMA) this.native(point, exponentialHistogram);
        else {
          const scale = `Scale must be >= ${MIN_EXPONENTIAL_SCHEMA}, was ${point.scale}`;
          this.giveUp(`cannot convert exponential to native histogram. ${scale}`);
        }
        return;
      case 'summary':
        this.summary(point);
    }
  }

  endResource(): void {
    this.target.addTo(this.intake);
  }

  private number(point: DataPoint): void {
    const labels = this.labels.of(point.attributes, this.name);
    if (labels === undefined) {
      this.invalid();
      return;
    }
    const ref = this.sample(labels, point, point.value);
    if (this.kind === 'sum') this.exemplars(point, () => ref);
  }

  private native(
    point: DataPoint,
    convert: (point: DataPoint, counterReset: Histogram['counterReset']) => Histogram,
  ): void {
    const labels = this.labels.of(point.attributes, this.name);
    if (labels === undefined) {
      this.invalid();
      return;
    }
    const h = convert(point, this.counterReset);
    const ref = this.intake.series(labels, this.metadata);
    if (this.hasStart && point.startT > 0) this.intake.addStart(ref, point.t, point.startT, h);
    this.intake.addHistogram(ref, point.t, h);
    this.exemplars(point, () => ref);
  }

  private classic(point: DataPoint): void {
    const base = this.baseLabels(point);
    if (base === undefined) return;
    const { name } = this;
    if (point.hasSum) this.sample(named(base, `${name}_sum`), point, point.value);
    this.sample(named(base, `${name}_count`), point, point.count);
    const buckets = base.has('le') ? [] : this.buckets(named(base, `${name}_bucket`), point);
    if (buckets.length === 0) {
      if (point.bounds.length > 0 || base.has('le')) this.invalid();
      return;
    }
    buckets.sort((a, b) => a.bound - b.bound);
    this.exemplars(point, (v) => buckets.find(({ bound }) => v <= bound)?.ref);
  }

  private buckets(labels: Labels, point: DataPoint): BoundSeries[] {
    const buckets: BoundSeries[] = [];
    const { bounds, bucketCounts } = point;
    let below = 0;
    for (let i = 0; i < bounds.length && i < bucketCounts.length; i++) {
      const bound = bounds.values[i];
      below += bucketCounts.values[i];
      const ref = this.sample(labels.with('le', formatF(bound)), point, below);
      buckets.push({ ref, bound });
    }
    const ref = this.sample(labels.with('le', '+Inf'), point, point.count);
    buckets.push({ ref, bound: Number.POSITIVE_INFINITY });
    return buckets;
  }

  private summary(point: DataPoint): void {
    const base = this.baseLabels(point);
    if (base === undefined) return;
    const { name } = this;
    this.sample(named(base, `${name}_sum`), point, point.value);
    this.sample(named(base, `${name}_count`), point, point.count);
    if (point.quantiles.length > 0 && base.has('quantile')) {
      this.invalid();
      return;
    }
    const labels = named(base, name);
    const { quantiles, quantileValues } = point;
    for (let i = 0; i < quantiles.length; i++) {
      this.sample(labels.with('quantile', formatF(quantiles.values[i])), point, rowOf(quantileValues, i));
    }
  }

  /** Of a metric of several series, which add to them. */
  private baseLabels(point: DataPoint): Labels | undefined {
    const base = this.labels.of(point.attributes, '');
    if (base !== undefined && !base.has(METRIC_NAME)) return base;
    this.invalid();
    return undefined;
  }

  /** `v` is a number, or the row of a column whose bits matter. */
  private sample(labels: Labels, point: DataPoint, v: number | Float64Array): number {
    const { intake } = this;
    const { t, startT } = point;
    const ref = intake.series(labels, this.metadata);
    if (this.hasStart && startT > 0) intake.addStart(ref, t, startT, undefined);
    if (point.isMissing) intake.addStale(ref, t);
    else if (typeof v === 'number') intake.add(ref, t, v);
    else intake.addFrom(ref, t, v, 0);
    return ref;
  }

  private exemplars(point: DataPoint, refFor: (v: number) => number | undefined): void {
    for (const given of point.exemplars) {
      const exemplar = exemplarOf(given);
      if (exemplar === undefined) {
        this.giveUp('unsupported exemplar value type: Empty');
        return;
      }
      const ref = refFor(exemplar.v);
      if (ref !== undefined) this.intake.addExemplar(ref, exemplar);
    }
  }

  private invalid(): void {
    this.trouble(`invalid metric name or labels in metric ${goQuote(this.name)}`);
  }

  /** The rest of the metric is left out. */
  private giveUp(why: string): void {
    this.kind = undefined;
    this.trouble(why);
  }

  private trouble(text: string): void {
    if (this.troubles.length < MAX_TROUBLES) this.troubles.push(text);
  }
}

/** Why none of a metric is taken. */
function refusal(head: MetricHead, nativeDelta: boolean): string | undefined {
  const { name, kind, temporality, pointCount } = head;
  if (kind === undefined) {
    return `could not get aggregation temporality for ${name} as it has unsupported metric type Empty`;
  }
  const isTaken =
    !hasTemporality(kind) ||
    temporality === Temporality.cumulative ||
    (nativeDelta && temporality === Temporality.delta);
  if (!isTaken) return `invalid temporality and type combination for metric ${goQuote(name)}`;
  return pointCount === 0 ? `empty data points. ${name} is dropped` : undefined;
}

function hasTemporality(kind: MetricKind): boolean {
  return kind === 'sum' || kind === 'histogram' || kind === 'exponential';
}

function named(base: Labels, name: string): Labels {
  return base.with(METRIC_NAME, name);
}

function rowOf(list: NumberList, i: number): Float64Array {
  return list.values.subarray(i, i + 1);
}
