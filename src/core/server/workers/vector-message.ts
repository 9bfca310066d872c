/** A query's value on its way from one thread to another: label sets as the strings they are made of, floats in one column. */
import type { Histogram } from '../../model/histogram.ts';
import { Labels } from '../../model/labels.ts';
import type { QueryValue } from '../../promql/index.ts';

export type PlainValue =
  | Exclude<QueryValue, { type: 'vector' | 'matrix' }>
  | {
      type: 'vector';
      t: number;
      names: (readonly string[])[];
      values: (readonly string[])[];
      /** One float a series: 0 where it is a histogram. */
      v: Float64Array;
      /** By series. */
      histograms: Map<number, Histogram>;
    };

/** Of an instant query at `t` (ms), whose value is no matrix but for a range selector's, which no rule may have. */
export function plainValue(value: QueryValue, t: number): PlainValue {
  if (value.type !== 'vector') {
    if (value.type !== 'matrix') return value;
    // As good as any other type that is no vector.
    return { type: 'string', t, text: '' };
  }
  const { series } = value;
  const v = new Float64Array(series.length);
  const histograms = new Map<number, Histogram>();
  for (let i = 0; i < series.length; i++) {
    // As a column: a number on its own might lose the payload of a NaN.
    v.set(series[i].v.subarray(0, 1), i);
    const histogram = series[i].histograms?.[0];
    if (histogram != null) histograms.set(i, histogram);
  }
  return {
    type: 'vector',
    t,
    names: series.map(({ labels }) => labels.names),
    values: series.map(({ labels }) => labels.values),
    v,
    histograms,
  };
}

export function queryValue(plain: PlainValue): QueryValue {
  if (plain.type !== 'vector') return plain;
  const { names, values, v, histograms } = plain;
  const t = Float64Array.of(plain.t);
  return {
    type: 'vector',
    series: names.map((own, i) => {
      const histogram = histograms.get(i);
      return {
        labels: new Labels(own, values[i]),
        t,
        v: v.subarray(i, i + 1),
        histograms: histogram === undefined ? null : [histogram],
      };
    }),
  };
}
