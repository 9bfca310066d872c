/** What a query yields: columns that hold only the steps with a value. */
import type { Histogram } from '../../model/histogram.ts';
import type { Labels } from '../../model/labels.ts';
import type { Annotation } from '../functions/annotations.ts';

export interface ResultSeries {
  labels: Labels;
  /** Milliseconds since the epoch, ascending. Series may share it. */
  readonly t: Float64Array;
  /** Parallel to `t`; 0 where the point is a histogram. Series may share it, too. */
  readonly v: Float64Array;
  /** Parallel to `t`, or null where every point is a float. */
  histograms: (Histogram | null)[] | null;
}

export type QueryValue =
  | { type: 'matrix'; series: ResultSeries[] }
  /** One point each. Sorted only where the query sorts. */
  | { type: 'vector'; series: ResultSeries[] }
  | { type: 'scalar'; t: number; v: number }
  | { type: 'string'; t: number; text: string };

export interface QueryStats {
  /** Samples that were read from the source. */
  samplesRead: number;
  /** The most points held in memory at once. */
  peakSamples: number;
  /** How long it took until the sources had said which series there are, ms. */
  prepareMs: number;
  /** How long the series of a range query took to be brought into order, ms. */
  sortMs: number;
}

export interface QueryResult {
  value: QueryValue;
  annotations: Annotation[];
  stats: QueryStats;
}
