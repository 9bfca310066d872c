/**
 * A result as a table for people. What all series have in common stands once above the table, and a column is left for
 * each label in which they differ. A range gets a row for each series, with its extremes and its course.
 */
import { type Labels, labelsFromPairs, METRIC_NAME } from '../core/model/labels.ts';
import { formatG } from '../core/model/number.ts';
import { formatTimestamp } from '../core/model/timestamp.ts';
import type { QueryValue, ResultSeries } from '../core/promql/index.ts';
import { sparkline } from './graph/sparkline.ts';
import type { PrintContext } from './query-printer.ts';
import { pointText } from './query-text.ts';
import { type Column, tableLines } from './text-table.ts';

export function printTable(value: QueryValue, context: PrintContext): void {
  const { out, paint, times } = context;
  switch (value.type) {
    case 'string':
      out.line(value.text);
      return;
    case 'scalar':
      out.line(formatG(value.v));
      return;
    case 'vector':
      if (value.series.length > 0) printVector(value.series, context);
      out.line(paint.dim(`${plural(value.series.length, 'series')} at ${timeText(value.series, context)}`));
      return;
    case 'matrix': {
      if (times.kind === 'range') {
        if (value.series.length > 0) printSummaries(value.series, context);
        const { start, end } = times;
        const span = `${formatTimestamp(start)} to ${formatTimestamp(end)}`;
        out.line(paint.dim(`${plural(value.series.length, 'series')} from ${span}`));
      } else {
        printSamples(value.series, context);
      }
    }
  }
}

function timeText(series: readonly ResultSeries[], { times }: PrintContext): string {
  return formatTimestamp(series.length > 0 ? series[0].t[0] : times.kind === 'instant' ? times.t : times.end);
}

const VALUE: Column = { title: 'value', align: 'right', shrinks: false };
const HISTOGRAM: Column = { title: 'value', align: 'left', shrinks: true };

function printVector(series: readonly ResultSeries[], context: PrintContext): void {
  const { common, names } = labelColumns(series.map(({ labels }) => labels));
  const hasHistogram = series.some(({ histograms }) => histograms !== null);
  print(
    common,
    [...names.map(labelColumn), hasHistogram ? HISTOGRAM : VALUE],
    series.map((one) => [...names.map((name) => one.labels.get(name)), pointText(one, 0)]),
    context,
  );
}

const NUMBERS = ['min', 'avg', 'max', 'last'].map(
  (title): Column => ({ title, align: 'right', shrinks: false }),
);
const TREND_WIDTH = 24;
const LEAST_TREND_WIDTH = 8;

function printSummaries(series: readonly ResultSeries[], context: PrintContext): void {
  const { times, width } = context;
  if (times.kind !== 'range') throw new Error('a summary is of a range');
  const { common, names } = labelColumns(series.map(({ labels }) => labels));
  const trend = width < 100 ? LEAST_TREND_WIDTH : TREND_WIDTH;
  const rows = series.map((one) => [
    ...names.map((name) => one.labels.get(name)),
    ...summary(one),
    sparkline(one, times.start, times.end, trend),
  ]);
  const columns = [
    ...names.map(labelColumn),
    ...NUMBERS,
    { title: 'trend', align: 'left', shrinks: false } as const,
  ];
  print(common, columns, rows, context);
}

/** Every sample of a range vector, under the name of its series. */
function printSamples(series: readonly ResultSeries[], context: PrintContext): void {
  const { out, paint } = context;
  for (const one of series) {
    out.line(paint.bold(one.labels.toString()));
    for (let i = 0; i < one.t.length; i++) out.line(`  ${formatTimestamp(one.t[i])}  ${pointText(one, i)}`);
  }
  out.line(paint.dim(plural(series.length, 'series')));
}

/** Minimum, average, maximum and last value, to six digits. */
function summary(one: ResultSeries): string[] {
  const { t, v, histograms } = one;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < t.length; i++) {
    if ((histograms?.[i] ?? null) !== null || Number.isNaN(v[i])) continue;
    if (v[i] < min) min = v[i];
    if (v[i] > max) max = v[i];
    sum += v[i];
    count++;
  }
  const last = pointText(one, t.length - 1);
  if (count === 0) return ['', '', '', last];
  return [...[min, sum / count, max].map(rounded), last.startsWith('{') ? last : rounded(v[t.length - 1])];
}

function rounded(v: number): string {
  return Number.isFinite(v) ? formatG(Number(v.toPrecision(6))) : formatG(v);
}

function print(
  common: Labels,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { out, paint, width }: PrintContext,
): void {
  if (common.size > 0) out.line(paint.bold(common.toString()));
  for (const line of tableLines(columns, rows, width, paint.dim)) out.line(line);
}

function labelColumn(name: string): Column {
  return { title: name === METRIC_NAME ? 'metric' : name, align: 'left', shrinks: true };
}

/** The labels that all have alike, and the names of the others, the metric's first. */
function labelColumns(all: readonly Labels[]): { common: Labels; names: string[] } {
  const [first] = all;
  const differing = new Set<string>();
  const names = new Set<string>();
  for (const labels of all) for (const name of labels.names) names.add(name);
  for (const name of names)
    if (all.some((labels) => labels.get(name) !== first.get(name))) differing.add(name);
  return {
    common: labelsFromPairs([...first].filter(([name]) => !differing.has(name))),
    names: [...differing].sort(
      (a, b) => Number(b === METRIC_NAME) - Number(a === METRIC_NAME) || (a < b ? -1 : 1),
    ),
  };
}

function plural(count: number, noun: string): string {
  return count === 0 ? `no ${noun}` : `${count} ${noun}`;
}
