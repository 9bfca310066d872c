/**
 * Names of metrics: from those of OpenTelemetry to those of Prometheus, with the unit and the kind at their end where
 * the strategy wants that.
 * See https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */
import type { TranslationStrategy } from './otlp-config.ts';
import type { MetricHead } from './request.ts';
import { escapedUnit, unitWords } from './unit.ts';

type Named = Pick<MetricHead, 'name' | 'unit' | 'kind' | 'isMonotonic'>;

/** Whether names become what needs no quotes. */
export function escapes(strategy: TranslationStrategy): boolean {
  return strategy.startsWith('UnderscoreEscaping');
}

/** '' where nothing is left of the name. */
export function metricName(metric: Named, strategy: TranslationStrategy): string {
  const suffixes = strategy.endsWith('WithSuffixes');
  if (!escapes(strategy)) return suffixes ? suffixedName(metric) : metric.name;
  return sound(suffixes ? normalizedName(metric) : escapedName(metric.name), metric.name);
}

function isCounter({ kind, isMonotonic }: Named): boolean {
  return kind === 'sum' && isMonotonic;
}

/** Counts have the unit 1, too: of those it says nothing. */
function isRatio({ kind, unit }: Named): boolean {
  return kind === 'gauge' && unit === '1';
}

/** By words: what is between them is one underscore each, and a word of the end is not there twice. */
function normalizedName(metric: Named): string {
  let words = metric.name.split(/[^a-zA-Z\d:]+/u).filter((word) => word !== '');
  const unit = unitWords(metric.unit);
  let main = escapedUnit(unit.main);
  let per = escapedUnit(unit.per);
  if (words.includes(main)) main = '';
  per = per === 'per_' ? '' : per.replace(/_$/, '');
  if (words.includes(per)) per = '';
  if (per !== '') main = main.replace(/_$/, '');
  if (main !== '') words.push(main);
  if (per !== '') words.push(per);
  if (isCounter(metric)) words = [...words.filter((word) => word !== 'total'), 'total'];
  if (isRatio(metric)) words = [...words.filter((word) => word !== 'ratio'), 'ratio'];
  return startable(words.join('_'));
}

function escapedName(name: string): string {
  const words = name.split(/[^a-zA-Z\d:_]+/u).filter((word) => word !== '');
  return startable(words.join('_'));
}

function startable(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Underscores alone are no name, unless it was that. */
function sound(name: string, given: string): string {
  return name !== given && /^_*$/.test(name) ? '' : name;
}

/** The name as it is, with what is missing at its end: unit, per what, total, ratio. */
function suffixedName(metric: Named): string {
  const { main, per } = unitWords(metric.unit);
  const ends: string[] = [];
  let { name } = metric;
  const take = (end: string) => {
    name = withoutEnd(name, end);
    ends.unshift(end);
  };
  if (isRatio(metric)) take('ratio');
  if (isCounter(metric)) take('total');
  if (per !== '') take(per);
  if (main !== '' && !name.endsWith(main)) name = `${name}_${main}`;
  return [name, ...ends].join('_');
}

/** Whatever stands before the end goes with it. */
function withoutEnd(name: string, end: string): string {
  return name.endsWith(end) && name.length > end.length + 1 ? name.slice(0, -(end.length + 1)) : name;
}
