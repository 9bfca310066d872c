/**
 * What the OpenMetrics 1.0 specification demands of an exposition beyond its grammar, and Prometheus does not check:
 * families and metrics that keep together, names that do not clash, values that their types allow, histograms that
 * are whole
 * (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md; docs/format/openmetrics.md lists the rules).
 *
 * Fed line by line, after each line's syntax was found good; throws LineFault at the line that breaks a rule. What is
 * wrong with a whole family or metric shows at the first line behind it.
 */
import { EXEMPLAR_MAX_RUNES, type Exemplar, isExemplarTooLong } from '../model/exemplar.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata, MetricType } from '../model/metadata.ts';
import { SUFFIXES } from './family-suffix.ts';
import { LineFault } from './line-fault.ts';
import { HistogramRules } from './openmetrics-histogram-rules.ts';

/** Suffixes of values that only grow, or count: never NaN. */
const COUNTS = new Set(['_total', '_sum', '_count', '_bucket', '_gcount', '_gsum']);
const INTEGERS = new Set(['_count', '_bucket', '_gcount']);

/** A float, spelled as the grammar has it. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export class OpenMetricsRules {
  /** Names that samples of the families so far have or could have. */
  private readonly names = new Set<string>();
  private name: string | undefined;
  private readonly said = new Set<keyof Metadata>();
  private unit = '';
  private type: MetricType = 'unknown';
  private sampled = false;
  /** The metric that the last sample belonged to, and all of this family before it. */
  private metric: string | undefined;
  private readonly metrics = new Set<string>();
  /** In seconds, NaN where the samples of the metric have no timestamps. */
  private seconds = Number.NaN;
  /** The series that the metric has had at this time. */
  private readonly series = new Set<string>();
  private readonly histogram = new HistogramRules();

  metadata(name: string, key: keyof Metadata, text: string, at: number): void {
    if (name !== this.name) this.begin(name, at);
    else if (this.sampled) throw new LineFault(at, `metadata of ${name} after its samples`);
    if (this.said.has(key)) throw new LineFault(at, `more than one ${key} for ${name}`);
    this.said.add(key);
    if (key === 'type') this.type = text as MetricType;
    else if (key === 'unit') this.unit = text;
  }

  /**
   * `bound` is the label `le` or `quantile` as written, where that differs from `labels`; `seconds` is the timestamp,
   * NaN where there is none.
   */
  sample(
    labels: Labels,
    bound: string | undefined,
    v: number,
    seconds: number,
    exemplar: Exemplar | undefined,
    at: number,
  ): void {
    const sample = labels.get(METRIC_NAME);
    if (this.name === undefined || !this.isOfFamily(sample)) this.begin(sample, at);
    this.sampled = true;
    const suffix = sample.slice(this.name!.length);
    this.checkLabels(labels, bound, suffix, at);
    this.checkValue(v, suffix, at);
    this.checkOrder(labels, seconds, at);
    if (exemplar !== undefined) this.checkExemplar(exemplar, suffix, at);
    if (this.type === 'histogram' || this.type === 'gaugehistogram')
      this.histogram.sample(suffix, labels, v, at);
  }

  /** The exposition is over, and another may begin. */
  end(at: number): void {
    this.endFamily(at);
    this.reset();
  }

  /** Forgets an exposition that was not finished. */
  reset(): void {
    this.name = undefined;
    this.names.clear();
    this.histogram.reset();
  }

  private isOfFamily(sample: string): boolean {
    const { name, type } = this;
    return sample.startsWith(name!) && samplesOf(type).includes(sample.slice(name!.length));
  }

  private begin(name: string, at: number): void {
    this.endFamily(at);
    this.name = name;
    this.said.clear();
    this.unit = '';
    this.type = 'unknown';
    this.sampled = false;
    this.metric = undefined;
    this.metrics.clear();
  }

  private endFamily(at: number): void {
    const { name, type, unit } = this;
    if (name === undefined) return;
    this.histogram.endMetric(this.name!, at);
    if (unit !== '' && (type === 'info' || type === 'stateset'))
      throw new LineFault(at, `${name} cannot have a unit: its type is ${type}`);
    for (const suffix of new Set(['', ...samplesOf(type)])) {
      if (this.names.has(name + suffix))
        throw new LineFault(at, `two families have the name ${name + suffix}`);
      this.names.add(name + suffix);
    }
  }

  private checkLabels(labels: Labels, bound: string | undefined, suffix: string, at: number): void {
    const { name, type } = this;
    if (type === 'stateset' && !labels.has(name!))
      throw new LineFault(at, `a sample of a stateset needs the label ${name}`);
    if (type === 'summary' && suffix === '') {
      const quantile = bound ?? labels.get('quantile');
      if (!NUMBER.test(quantile) || Number(quantile) < 0 || Number(quantile) > 1)
        throw new LineFault(at, 'a quantile needs the label quantile, from 0 to 1');
    }
    if (suffix !== '_bucket') return;
    const le = bound ?? labels.get('le');
    if (!NUMBER.test(le) && le !== '+Inf')
      throw new LineFault(at, 'a bucket needs the label le, a number or +Inf');
  }

  private checkValue(v: number, suffix: string, at: number): void {
    const { type } = this;
    if (type === 'stateset' && v !== 0 && v !== 1)
      throw new LineFault(at, 'the value of a stateset is 0 or 1');
    if (type === 'info' && v !== 1) throw new LineFault(at, 'the value of an info is 1');
    if (type === 'summary' && suffix === '' && v < 0)
      throw new LineFault(at, 'a quantile cannot be negative');
    if (!COUNTS.has(suffix)) return;
    if (Number.isNaN(v)) throw new LineFault(at, `the value of a ${suffix} cannot be NaN`);
    if (v < 0 && suffix !== '_gsum') throw new LineFault(at, `the value of a ${suffix} cannot be negative`);
    if (INTEGERS.has(suffix) && !Number.isInteger(v))
      throw new LineFault(at, `the value of a ${suffix} must be an integer`);
  }

  /** The samples of a metric stand together, its points in order of time. */
  private checkOrder(labels: Labels, seconds: number, at: number): void {
    const metric = this.metricOf(labels);
    const key = labels.toString();
    if (metric !== this.metric) {
      if (this.metrics.has(metric)) throw new LineFault(at, 'the samples of one metric must stand together');
      this.histogram.endMetric(this.name!, at);
      this.metrics.add(metric);
      this.metric = metric;
      this.series.clear();
    } else if (Number.isNaN(seconds) !== Number.isNaN(this.seconds)) {
      throw new LineFault(at, 'either all samples of a metric have a timestamp or none');
    } else if (seconds < this.seconds && this.type !== 'info') {
      throw new LineFault(at, 'the timestamps of a metric go backwards');
    } else if (seconds !== this.seconds && !Number.isNaN(seconds)) {
      this.histogram.endMetric(this.name!, at);
      this.series.clear();
    } else if (this.series.has(key)) throw new LineFault(at, 'the sample is there twice');
    this.seconds = seconds;
    this.series.add(key);
  }

  private checkExemplar(exemplar: Exemplar, suffix: string, at: number): void {
    const { type } = this;
    const allowed =
      type === 'counter' ? suffix === '_total' : type.endsWith('histogram') && suffix === '_bucket';
    if (!allowed) throw new LineFault(at, 'only buckets and the totals of counters can have exemplars');
    if (isExemplarTooLong(exemplar))
      throw new LineFault(at, `the exemplar's labels have more than ${EXEMPLAR_MAX_RUNES} characters`);
  }

  /** The labels that all samples of a metric share. */
  private metricOf(labels: Labels): string {
    const { name, type } = this;
    const own =
      type === 'histogram' || type === 'gaugehistogram'
        ? 'le'
        : type === 'summary'
          ? 'quantile'
          : type === 'stateset'
            ? name
            : '';
    return labels.filter((label) => label !== METRIC_NAME && label !== own).toString();
  }
}

/** Suffixes that samples of a type have; '' is the family's own name. */
function samplesOf(type: MetricType): readonly string[] {
  const bare = type === 'gauge' || type === 'stateset' || type === 'unknown' || type === 'summary';
  return bare ? ['', ...SUFFIXES[type]] : SUFFIXES[type];
}
