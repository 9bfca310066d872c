/** What a server answers to a query, as columns; the shapes are those of the query engine's results. */
import { InputError } from '../../errors.ts';
import type { Histogram } from '../../model/histogram.ts';
import { type Labels, labelsFromObject } from '../../model/labels.ts';
import { parseGoFloat } from '../../model/number.ts';
import { type ApiHistogram, histogramFromApi } from './api-histogram.ts';

export interface ServerSeries {
  labels: Labels;
  /** Milliseconds since the epoch, ascending. */
  t: Float64Array;
  /** Parallel to `t`; 0 where the point is a histogram. */
  v: Float64Array;
  histograms: (Histogram | null)[] | null;
}

export type ServerValue =
  | { type: 'matrix'; series: ServerSeries[] }
  | { type: 'vector'; series: ServerSeries[] }
  | { type: 'scalar'; t: number; v: number }
  | { type: 'string'; t: number; text: string };

/** `data` of /api/v1/query and /api/v1/query_range. */
export interface QueryData {
  resultType: string;
  result: unknown;
}

type Point = [seconds: number, value: string];
type HistogramPoint = [seconds: number, value: ApiHistogram];

interface SeriesData {
  metric: Record<string, string>;
  value?: Point;
  values?: Point[];
  histogram?: HistogramPoint;
  histograms?: HistogramPoint[];
}

/** Throws InputError for what is no result. */
export function readQueryData({ resultType, result }: QueryData): ServerValue {
  switch (resultType) {
    case 'scalar': {
      const [t, v] = result as Point;
      return { type: 'scalar', t: millis(t), v: number(v) };
    }
    case 'string': {
      const [t, text] = result as Point;
      return { type: 'string', t: millis(t), text };
    }
    case 'vector':
    case 'matrix':
      return { type: resultType, series: (result as SeriesData[]).map(readSeries) };
    default:
      throw new InputError('bad_answer', `the server answers with an unknown type of result: ${resultType}`);
  }
}

function readSeries(data: SeriesData): ServerSeries {
  const points = data.values ?? (data.value === undefined ? [] : [data.value]);
  const histogramPoints = data.histograms ?? (data.histogram === undefined ? [] : [data.histogram]);
  const rows: { t: number; v: number; h: Histogram | null }[] = [
    ...points.map(([t, v]) => ({ t: millis(t), v: number(v), h: null })),
    ...histogramPoints.map(([t, h]) => ({ t: millis(t), v: 0, h: histogramFromApi(h) })),
  ];
  // Both lists ascend; only together they may not.
  if (points.length > 0 && histogramPoints.length > 0) rows.sort((a, b) => a.t - b.t);
  return {
    labels: labelsFromObject(data.metric),
    t: Float64Array.from(rows, ({ t }) => t),
    v: Float64Array.from(rows, ({ v }) => v),
    histograms: histogramPoints.length === 0 ? null : rows.map(({ h }) => h),
  };
}

function millis(seconds: number): number {
  return Math.round(seconds * 1000);
}

function number(text: string): number {
  return parseGoFloat(text) ?? Number.NaN;
}
