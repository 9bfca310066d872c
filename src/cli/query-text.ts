/**
 * The plain form of a result: `SERIES VALUE MILLISECONDS`, one sample a line. Where a series has a name it is a line of
 * Prometheus' text format; what that cannot say (no name, a native histogram) is written in the same manner.
 */
import { formatHistogram } from '../core/model/histogram-format.ts';
import { formatG } from '../core/model/number.ts';
import type { QueryValue, ResultSeries } from '../core/promql/index.ts';
import type { PrintContext } from './print-context.ts';

export function printText(value: QueryValue, { out }: PrintContext): void {
  switch (value.type) {
    case 'string':
      out.line(value.text);
      return;
    case 'scalar':
      out.line(`${formatG(value.v)} ${value.t}`);
      return;
    default:
      for (const series of value.series) {
        const name = series.labels.toString();
        for (let i = 0; i < series.t.length; i++) out.line(`${name} ${pointText(series, i)} ${series.t[i]}`);
      }
  }
}

/** Values alone, one a line. */
export function printValues(value: QueryValue, { out }: PrintContext): void {
  switch (value.type) {
    case 'string':
      out.line(value.text);
      return;
    case 'scalar':
      out.line(formatG(value.v));
      return;
    default:
      for (const series of value.series) {
        for (let i = 0; i < series.t.length; i++) out.line(pointText(series, i));
      }
  }
}

/** Point `i` of a series: a number, or a histogram's `{count:…, sum:…, …}`. */
export function pointText({ v, histograms }: Pick<ResultSeries, 'v' | 'histograms'>, i: number): string {
  const h = histograms?.[i] ?? null;
  return h === null ? formatG(v[i]) : formatHistogram(h);
}
