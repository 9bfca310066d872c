/** Compares a query's result with what a script expects of it. */
import { almostEqual } from '../../model/almost-equal.ts';
import { CounterReset, type Histogram } from '../../model/histogram.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { copyHistogram, sameColumn } from '../../model/histogram-copy.ts';
import { formatTestHistogram } from '../../model/histogram-format.ts';
import { compactHistogram, sameLayout } from '../../model/histogram-layout.ts';
import type { Labels } from '../../model/labels.ts';
import { formatG } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import type { QueryValue, ResultSeries } from '../engine/result.ts';
import type { EvalCommand, ExpectedSeries, RangeTimes, Sequence } from '../test-language/index.ts';

/** How far apart values may be, relative to their size. */
const EPSILON = 1e-6;

/** What the first difference is, or null where the result is as expected. */
export function compareResult(value: QueryValue, command: EvalCommand): string | null {
  const { expected, query } = command;
  switch (expected.kind) {
    case 'scalar':
      if (value.type !== 'scalar') return `expected a scalar, but the result is a ${value.type}`;
      return sameFloat(expected.value, value.v)
        ? null
        : `expected ${formatG(expected.value)}, but got ${formatG(value.v)}`;
    case 'string':
      if (value.type !== 'string') return `expected a string, but the result is a ${value.type}`;
      return expected.value === value.text
        ? null
        : `expected ${goQuote(expected.value)}, but got ${goQuote(value.text)}`;
    case 'rangeVector':
      if (value.type !== 'matrix') return `expected a range vector, but the result is a ${value.type}`;
      return compareMatrix(value.series, expected.series, expected.times);
    case 'series':
      if (query.kind === 'instant') {
        if (value.type !== 'vector') return `expected an instant vector, but the result is a ${value.type}`;
        return compareVector(value.series, expected.series, command.ordered);
      }
      if (command.ordered) return 'the result of a range query has no order of its own to be expected';
      if (value.type !== 'matrix') return `expected a matrix, but the result is a ${value.type}`;
      return compareMatrix(value.series, expected.series, query);
  }
}

function compareVector(
  series: readonly ResultSeries[],
  expected: readonly ExpectedSeries[],
  ordered: boolean,
): string | null {
  const wanted = new ByLabels(expected);
  for (const [position, got] of series.entries()) {
    const index = wanted.take(got.labels);
    if (index === undefined) return unexpectedSeries(got);
    if (ordered && index !== position) {
      return `expected ${got.labels} at position ${index + 1}, but it is at position ${position + 1}`;
    }
    const difference = compareValue(got, 0, expected[index].values, 0);
    if (difference !== null) return `${got.labels}: ${difference}`;
  }
  return wanted.missing();
}

function compareMatrix(
  series: readonly ResultSeries[],
  expected: readonly ExpectedSeries[],
  times: RangeTimes,
): string | null {
  const wanted = new ByLabels(expected.filter(({ values }) => values.present.includes(1)));
  for (const got of series) {
    const index = wanted.take(got.labels);
    if (index === undefined) return unexpectedSeries(got);
    const difference = comparePoints(got, wanted.series[index].values, times);
    if (difference !== null) return `${got.labels}: ${difference}`;
  }
  return wanted.missing();
}

function comparePoints(got: ResultSeries, values: Sequence, times: RangeTimes): string | null {
  let at = 0;
  for (let row = 0; row < values.length; row++) {
    const t = times.startMs + row * times.stepMs;
    if (t > times.endMs) return `expected ${values.length} points, but the range ends before them`;
    if (values.present[row] === 0) continue;
    if (at < got.t.length && got.t[at] < t) return `unexpected ${shown(got, at)} at ${seconds(got.t[at])}`;
    if (at === got.t.length || got.t[at] > t)
      return `expected ${expectedText(values, row)} at ${seconds(t)}, but there is nothing`;
    const difference = compareValue(got, at, values, row);
    if (difference !== null) return `at ${seconds(t)}: ${difference}`;
    at++;
  }
  return at === got.t.length ? null : `unexpected ${shown(got, at)} at ${seconds(got.t[at])}`;
}

function compareValue(got: ResultSeries, at: number, values: Sequence, row: number): string | null {
  const histogram = got.histograms?.[at] ?? null;
  const expected = values.histogramAt(row);
  const hintMatters = values.hintsGiven?.[row] ?? false;
  const same =
    histogram === null || expected === null
      ? histogram === expected && sameFloat(values.values[row], got.v[at])
      : sameHistogram(expected, histogram, hintMatters);
  return same ? null : `expected ${expectedText(values, row)}, but got ${shown(got, at)}`;
}

function sameFloat(expected: number, got: number): boolean {
  return almostEqual(expected, got, EPSILON);
}

/** Empty buckets make no difference. */
function sameHistogram(expected: Histogram, got: Histogram, hintMatters: boolean): boolean {
  const a = compacted(expected);
  const b = compacted(got);
  return (
    a.schema === b.schema &&
    sameFloat(a.count, b.count) &&
    sameFloat(a.sum, b.sum) &&
    (!isCustomSchema(a.schema) || sameColumn(a.customValues, b.customValues)) &&
    a.zeroThreshold === b.zeroThreshold &&
    sameFloat(a.zeroCount, b.zeroCount) &&
    sameLayout(a.positiveSpans, b.positiveSpans) &&
    sameLayout(a.negativeSpans, b.negativeSpans) &&
    a.positiveBuckets.every((count, i) => sameFloat(count, b.positiveBuckets[i])) &&
    a.negativeBuckets.every((count, i) => sameFloat(count, b.negativeBuckets[i])) &&
    (!hintMatters || a.counterReset === b.counterReset)
  );
}

function compacted(h: Histogram): Histogram {
  const copy = copyHistogram(h);
  compactHistogram(copy, 0);
  return copy;
}

function unexpectedSeries(got: ResultSeries): string {
  return `unexpected series ${got.labels} with ${shown(got, 0)}`;
}

function shown(got: ResultSeries, at: number): string {
  const histogram = got.histograms?.[at] ?? null;
  return histogram === null ? formatG(got.v[at]) : formatTestHistogram(histogram);
}

function expectedText(values: Sequence, row: number): string {
  const histogram = values.histogramAt(row);
  if (histogram === null) return formatG(values.values[row]);
  const hint = values.hintsGiven?.[row] && histogram.counterReset === CounterReset.unknown;
  return `${formatTestHistogram(histogram)}${hint ? ' of unknown counter reset' : ''}`;
}

/** Expected series that are looked up by their labels, each once. */
class ByLabels {
  readonly series: readonly ExpectedSeries[];
  private readonly left = new Map<string, number>();

  constructor(series: readonly ExpectedSeries[]) {
    this.series = series;
    for (const [index, { labels }] of series.entries()) this.left.set(labels.toString(), index);
  }

  /** The series' number; undefined where it is not expected, or not once more. */
  take(labels: Labels): number | undefined {
    const key = labels.toString();
    const index = this.left.get(key);
    this.left.delete(key);
    return index;
  }

  /** Says that a series has not been taken, or null where all have. */
  missing(): string | null {
    const [index] = this.left.values();
    if (index === undefined) return null;
    const { labels, values } = this.series[index];
    return `expected ${labels} with ${expectedText(values, 0)}, but it is not in the result`;
  }
}

function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
