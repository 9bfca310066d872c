/**
 * From the metrics of an export request to series and their samples, as Prometheus stores them.
 * See docs/format/otlp.md; specified in
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */
import { CounterReset, type Histogram, MIN_EXPONENTIAL_SCHEMA } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata, MetricType } from '../model/metadata.ts';
import { goQuote } from '../model/quote.ts';
import type { KnownSeries } from '../remote/known-series.ts';
import type { Attributes, DataPoint } from './data-point.ts';
import { exemplarOf } from './exemplars.ts';
import type { Intake } from './intake.ts';
import { escapes, metricName } from './metric-name.ts';
import { customHistogram, exponentialHistogram } from './native-histogram.ts';
import type { OtlpConfig } from './otlp-config.ts';
import { PointLabels } from './point-labels.ts';
import { bucketsIn, PointShape } from './point-shape.ts';
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

/** In lists of refs: a series whose labels are none. */
const NONE = -1;
/** One that a histogram does not have. */
const NO_SUM = -2;

export class Translator implements RequestReader {
  private readonly settings: TranslatorSettings;
  private readonly intake: Intake;
  private readonly known: KnownSeries;
  private readonly labels: PointLabels;
  private readonly target: TargetInfo;
  /** What the contexts of metrics begin with. */
  private resourceContext = 0;
  private scopeContext = 0;
  /** Of the metric whose points come; undefined where none of them is taken. */
  private kind: MetricKind | undefined = undefined;
  private name = '';
  private metadata: Metadata = { type: 'unknown', help: '', unit: '' };
  private counterReset: Histogram['counterReset'] = CounterReset.unknown;
  /** Whether its points tell when they began to count. */
  private hasStart = false;
  private metricContext = 0;
  private readonly shape = new PointShape();
  private shapeContext = 0;
  /** Of the point that is being stored: where its series are. */
  private refs: Int32Array | readonly number[] = [];
  private first = 0;
  /** What was left out, for the log. */
  readonly troubles: string[] = [];

  constructor(settings: TranslatorSettings, intake: Intake, known: KnownSeries) {
    this.settings = settings;
    this.intake = intake;
    this.known = known;
    this.labels = new PointLabels(settings.config);
    this.target = new TargetInfo(settings.lookbackMs);
  }

  resource(attributes: Attributes): void {
    this.labels.setResource(attributes);
    this.target.begin(this.labels.ofResource(attributes));
    this.resourceContext = this.known.contextOf(JSON.stringify([attributes.keys, attributes.values]));
  }

  scope(scope: Scope): void {
    this.labels.setScope(scope);
    const { name, version, schemaUrl, attributes } = scope;
    const { keys, values } = attributes;
    const context = [this.resourceContext, name, version, schemaUrl, keys, values];
    this.scopeContext = this.known.contextOf(JSON.stringify(context));
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
    const context = `${this.scopeContext}/${kind}/${type}/${unit}/${this.name}`;
    this.metricContext = this.known.contextOf(context);
    this.shapeContext = this.metricContext;
    this.shape.clear();
  }

  point(point: DataPoint): void {
    this.target.see(point.t);
    const { kind } = this;
    if (kind === undefined || this.intake.fault !== undefined) {
      // Read all the same: a request that is none is refused, whatever would become of its metrics.
      void point.attributes;
      return;
    }
    if (kind === 'exponential' && point.scale < MIN_EXPONENTIAL_SCHEMA) {
      const scale = `Scale must be >= ${MIN_EXPONENTIAL_SCHEMA}, was ${point.scale}`;
      this.giveUp(`cannot convert exponential to native histogram. ${scale}`);
      return;
    }
    this.findSeries(kind, point);
    if (kind === 'gauge') this.sample(0, point, point.value);
    else if (kind === 'sum') {
      this.sample(0, point, point.value);
      this.exemplars(point, () => 0);
    } else if (kind === 'summary') this.summary(point);
    else if (kind === 'exponential') this.native(point, exponentialHistogram);
    else if (this.settings.config.convertHistogramsToNhcb) this.native(point, customHistogram);
    else this.classic(point);
  }

  endResource(): void {
    this.target.addTo(this.intake);
  }

  /** Has `refs` and `first` be those of the point's series, in the order that its kind has. */
  private findSeries(kind: MetricKind, point: DataPoint): void {
    const { known } = this;
    const { keyStart, keyEnd, bytes } = point;
    this.refs = known.refs;
    if (keyStart >= 0) {
      if (this.hasShape(kind) && this.shape.changed(point)) {
        this.shapeContext = known.contextOf(`${this.metricContext}/${this.shape.text()}`);
      }
      this.first = known.find(this.shapeContext, bytes, keyStart, keyEnd);
      if (this.first >= 0) return;
    }
    const refs = this.seriesOf(kind, point);
    // What is left out is told each time.
    if (keyStart < 0 || refs.includes(NONE)) {
      this.refs = refs;
      this.first = 0;
      return;
    }
    this.first = known.add(this.shapeContext, bytes, keyStart, keyEnd, refs);
    this.refs = known.refs;
  }

  /** Whether a point has series of its own for its bounds or quantiles. */
  private hasShape(kind: MetricKind): boolean {
    return kind === 'summary' || (kind === 'histogram' && !this.settings.config.convertHistogramsToNhcb);
  }

  private seriesOf(kind: MetricKind, point: DataPoint): number[] {
    const { name } = this;
    if (!this.hasShape(kind)) return [this.series(this.labels.of(point.attributes, name))];
    const base = this.labels.of(point.attributes, '');
    const isSound = base !== undefined && !base.has(METRIC_NAME);
    const series = (labels: () => Labels | undefined) => this.series(isSound ? labels() : undefined);
    const refs = [
      point.hasSum ? series(() => named(base!, `${name}_sum`)) : NO_SUM,
      series(() => named(base!, `${name}_count`)),
    ];
    const label = kind === 'summary' ? 'quantile' : 'le';
    const ends = this.shape.ends(kind, point);
    if (ends.length === 0) return refs;
    // A label of that name would be there twice.
    const of =
      isSound && !base.has(label) ? named(base, kind === 'summary' ? name : `${name}_bucket`) : undefined;
    for (const end of ends) refs.push(this.series(of?.with(label, end)));
    return refs;
  }

  private series(labels: Labels | undefined): number {
    if (labels !== undefined) return this.intake.series(labels);
    this.trouble(`invalid metric name or labels in metric ${goQuote(this.name)}`);
    return NONE;
  }

  private native(
    point: DataPoint,
    convert: (point: DataPoint, counterReset: Histogram['counterReset']) => Histogram,
  ): void {
    const ref = this.refs[this.first];
    if (ref === NONE) return;
    const h = convert(point, this.counterReset);
    this.intake.setMetadata(ref, this.metadata);
    if (this.hasStart && point.startT > 0) this.intake.addStart(ref, point.t, point.startT, h);
    this.intake.addHistogram(ref, point.t, h);
    this.exemplars(point, () => 0);
  }

  private classic(point: DataPoint): void {
    const { bounds, bucketCounts, count } = point;
    if (point.hasSum) this.sample(0, point, point.value);
    this.sample(1, point, count);
    const buckets = bucketsIn(point);
    let below = 0;
    for (let i = 0; i < buckets; i++) {
      below += bucketCounts.values[i];
      this.sample(2 + i, point, below);
    }
    this.sample(2 + buckets, point, count);
    if (point.exemplars.length === 0) return;
    const ends = [...bounds.values.subarray(0, buckets), Number.POSITIVE_INFINITY];
    const order = ends.map((_, i) => i).sort((a, b) => ends[a] - ends[b]);
    this.exemplars(point, (v) => {
      const i = order.find((bucket) => v <= ends[bucket]);
      return i === undefined ? undefined : 2 + i;
    });
  }

  private summary(point: DataPoint): void {
    const { quantiles, quantileValues } = point;
    this.sample(0, point, point.value);
    this.sample(1, point, point.count);
    for (let i = 0; i < quantiles.length; i++) {
      this.sample(2 + i, point, quantileValues.values.subarray(i, i + 1));
    }
  }

  /** `v` is a number, or a column of one row whose bits matter. */
  private sample(place: number, point: DataPoint, v: number | Float64Array): void {
    const { intake } = this;
    const ref = this.refs[this.first + place];
    if (ref === NONE) return;
    const { t, startT } = point;
    intake.setMetadata(ref, this.metadata);
    if (this.hasStart && startT > 0) intake.addStart(ref, t, startT, undefined);
    if (point.isMissing) intake.addStale(ref, t);
    else if (typeof v === 'number') intake.add(ref, t, v);
    else intake.addFrom(ref, t, v);
  }

  private exemplars(point: DataPoint, placeFor: (v: number) => number | undefined): void {
    for (const given of point.exemplars) {
      const exemplar = exemplarOf(given);
      if (exemplar === undefined) {
        this.giveUp('unsupported exemplar value type: Empty');
        return;
      }
      const place = placeFor(exemplar.v);
      const ref = place === undefined ? NONE : this.refs[this.first + place];
      if (ref !== NONE) this.intake.addExemplar(ref, exemplar);
    }
  }

  /** The rest of the metric is left out. */
  private giveUp(why: string): void {
    this.kind = undefined;
    this.trouble(why);
  }

  private trouble(text: string): void {
    const { troubles } = this;
    if (troubles.length < MAX_TROUBLES && !troubles.includes(text)) troubles.push(text);
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
