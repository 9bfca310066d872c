/**
 * A result as a table for people. What all series have in common stands once above the table, and a column is left for
 * each label in which they differ. A range gets a row for each series, with its extremes and its course. Where the
 * terminal is too narrow for the columns, each series is a line (or more) of its own behind its value.
 */
import { type Labels, labelsFromPairs, METRIC_NAME } from '../core/model/labels.ts';
import { formatG } from '../core/model/number.ts';
import { formatTimestamp } from '../core/model/timestamp.ts';
import type { QueryValue, ResultSeries } from '../core/promql/index.ts';
import { wrap } from './display-width.ts';
import { sparkline } from './graph/sparkline.ts';
import type { PrintContext } from './print-context.ts';
import { pointText } from './query-text.ts';
import { type Column, listLines, tableLines, tableWidth } from './text-table.ts';

export function printTable(value: QueryValue, context: PrintContext): void {
  for (const line of resultTable(value, context)) context.out.line(line);
}

/** What decides about the looks of a table. */
export type TableStyle = Pick<PrintContext, 'paint' | 'times' | 'width'>;

/** The table's lines; the last one says how many series there are, and of which time. */
export function resultTable(value: QueryValue, style: TableStyle): string[] {
  const { paint, times } = style;
  switch (value.type) {
    case 'string':
      return [value.text];
    case 'scalar':
      return [formatG(value.v)];
    case 'vector': {
      const { series } = value;
      const t = series.length > 0 ? series[0].t[0] : times.kind === 'instant' ? times.t : times.end;
      const footer = paint.dim(`${counted(series)} at ${formatTimestamp(t)}`);
      return series.length === 0 ? [footer] : [...vectorTable(series, style), footer];
    }
    case 'matrix': {
      const { series } = value;
      if (times.kind === 'instant') return [...sampleList(series, style), paint.dim(counted(series))];
      const span = `${formatTimestamp(times.start)} to ${formatTimestamp(times.end)}`;
      const footer = paint.dim(`${counted(series)}, ${span}`);
      return series.length === 0 ? [footer] : [...summaryTable(series, times, style), footer];
    }
  }
}

const NUMBER: Omit<Column, 'title'> = { align: 'right', shrinks: false };
const TEXT: Omit<Column, 'title'> = { align: 'left', shrinks: false };

function vectorTable(series: readonly ResultSeries[], style: TableStyle): string[] {
  const hasHistogram = series.some(({ histograms }) => histograms !== null);
  return seriesTable(
    series,
    [{ title: 'value', ...(hasHistogram ? TEXT : NUMBER) }],
    series.map((one) => [pointText(one, 0)]),
    style,
  );
}

const TREND_WIDTH = 24;
const LEAST_TREND_WIDTH = 8;

function summaryTable(
  series: readonly ResultSeries[],
  { start, end }: { start: number; end: number },
  style: TableStyle,
): string[] {
  const trend = style.width < 100 ? LEAST_TREND_WIDTH : TREND_WIDTH;
  const numbers = ['min', 'avg', 'max', 'last'].map((title) => ({ title, ...NUMBER }));
  return seriesTable(
    series,
    [...numbers, { title: 'trend', ...TEXT }],
    series.map((one) => [...summary(one), sparkline(one, start, end, trend)]),
    style,
  );
}

/** Every sample of a range vector, under the name of its series. */
function sampleList(series: readonly ResultSeries[], { paint }: TableStyle): string[] {
  const lines: string[] = [];
  for (const one of series) {
    lines.push(paint.bold(one.labels.toString()));
    for (let i = 0; i < one.t.length; i++) lines.push(`  ${formatTimestamp(one.t[i])}  ${pointText(one, i)}`);
  }
  return lines;
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
  const last = t.length - 1;
  const newest = (histograms?.[last] ?? null) === null ? rounded(v[last]) : pointText(one, last);
  return count === 0 ? ['', '', '', newest] : [rounded(min), rounded(sum / count), rounded(max), newest];
}

function rounded(v: number): string {
  return Number.isFinite(v) ? formatG(Number(v.toPrecision(6))) : formatG(v);
}

/** `cells` beside what tells each series from the others, below what they have in common. */
function seriesTable(
  series: readonly ResultSeries[],
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  { paint, width }: TableStyle,
): string[] {
  const { common, names } = labelColumns(series.map(({ labels }) => labels));
  const head = common.size === 0 ? [] : wrap(common.toString(), width).map(paint.bold);
  const all = [...names.map((name) => ({ title: title(name), ...TEXT })), ...columns];
  const rows = series.map(({ labels }, i) => [...names.map((name) => labels.get(name)), ...cells[i]]);
  if (tableWidth(all, rows) <= width) return [...head, ...tableLines(all, rows, width, paint.dim)];
  const own = series.map(({ labels }) => {
    const different = labels.filter((name) => names.includes(name));
    return different.size === 0 ? '' : different.toString();
  });
  return [...head, ...listLines(columns, cells, own, width, paint.dim)];
}

function title(name: string): string {
  return name === METRIC_NAME ? 'metric' : name;
}

/** The labels that all have alike, and the names of the others, the metric's first. */
function labelColumns(all: readonly Labels[]): { common: Labels; names: string[] } {
  const [first] = all;
  const names = new Set(all.flatMap((labels) => labels.names));
  const differing = [...names].filter((name) => all.some((labels) => labels.get(name) !== first.get(name)));
  return {
    common: labelsFromPairs([...first].filter(([name]) => !differing.includes(name))),
    names: differing.sort(
      (a, b) => Number(b === METRIC_NAME) - Number(a === METRIC_NAME) || (a < b ? -1 : 1),
    ),
  };
}

function counted(series: readonly ResultSeries[]): string {
  return series.length === 0 ? 'no series' : `${series.length} series`;
}
