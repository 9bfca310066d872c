/** Samples of a query in a unit test: those that are expected, those that came out, and whether they are the same. */
import { InputError } from '../errors.ts';
import { formatTestHistogram } from '../model/histogram-format.ts';
import { EMPTY_LABELS, type Labels } from '../model/labels.ts';
import type { QueryValue } from '../promql/index.ts';
import { parseMetric } from '../promql/parser/index.ts';
import { parseSeriesNotation } from '../promql/test-language/index.ts';
import { RuleError } from './rule.ts';
import type { ExprTest } from './unit-test-file.ts';

export interface TestedSample {
  labels: Labels;
  value: number;
  /** In the notation of tests, '' for a float. */
  histogram: string;
}

/** Throws RuleError where the expectation cannot be read. */
export function expectedSample({ labels, value, histogram }: ExprTest['expected'][number]): TestedSample {
  const wrap = (error: unknown): never => {
    if (error instanceof InputError) throw new RuleError(`labels ${JSON.stringify(labels)}: ${error.reason}`);
    throw error;
  };
  let parsed: Labels;
  try {
    parsed = labels === '' ? EMPTY_LABELS : parseMetric(labels);
    if (histogram === '') return { labels: parsed, value, histogram: '' };
    const { values } = parseSeriesNotation(`{} ${histogram}`);
    const found = values.histogramAt(0);
    if (values.length !== 1)
      throw new RuleError(`labels ${JSON.stringify(labels)}: expected 1 value, got ${values.length}`);
    if (found === null)
      throw new RuleError(`labels ${JSON.stringify(labels)}: expected histogram, got ${histogram}`);
    return { labels: parsed, value, histogram: formatTestHistogram(found) };
  } catch (error) {
    return wrap(error);
  }
}

/** The result of a query. Throws RuleError where it is neither vector nor scalar. */
export function samplesOf(value: QueryValue): TestedSample[] {
  if (value.type === 'scalar') return [{ labels: EMPTY_LABELS, value: value.v, histogram: '' }];
  if (value.type !== 'vector') throw new RuleError('rule result is not a vector or scalar');
  return value.series.map(({ labels, v, histograms }) => {
    const histogram = histograms?.[0] ?? null;
    return { labels, value: v[0], histogram: histogram === null ? '' : formatTestHistogram(histogram) };
  });
}

/** `fuzzy` lets values differ as much as sums in another order do. */
export function sameSamples(a: TestedSample, b: TestedSample, fuzzy: boolean): boolean {
  if (!a.labels.equals(b.labels) || a.histogram !== b.histogram) return false;
  if (a.value === b.value || (Number.isNaN(a.value) && Number.isNaN(b.value))) return true;
  return fuzzy && isNeighbour(a.value, b.value);
}

export function sampleText(
  { labels, value, histogram }: TestedSample,
  labelsText: (labels: Labels) => string = String,
): string {
  return `${labelsText(labels)} ${histogram === '' ? exponentForm(value) : histogram}`;
}

/** Whether at most one float lies between the two: what a sum in another order may come out as. */
function isNeighbour(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const bits = new BigInt64Array(Float64Array.of(a, b).buffer);
  const distance = bits[0] - bits[1];
  return distance >= -1n && distance <= 1n;
}

/** `1E+00`, as promtool shows values. */
function exponentForm(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return (Object.is(value, -0) ? '-0e+0' : value.toExponential())

    .toUpperCase()
    .replace(/E([+-])(\d)$/, 'E$10$2');
}
