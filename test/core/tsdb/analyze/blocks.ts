/** A block with what an analysis is about: metrics of different cardinality, series that come and go, histograms. */
import {
  emptyHistogram,
  type Labels,
  labelsFromObject,
  SampleColumns,
} from '../../../../src/core/model/index.ts';
import { BlockWriter } from '../../../../src/core/tsdb/block/index.ts';

export const HOUR = 3600_000;
export const START = Date.UTC(2026, 0, 1);

export interface Series {
  labels: Labels;
  /** Minutes from START of the first and last sample, one a minute. */
  from: number;
  to: number;
  histogram: boolean;
}

export function someSeries(pods = 12): Series[] {
  const all: Series[] = [];
  for (let pod = 0; pod < pods; pod++) {
    for (let code = 0; code < 3; code++) {
      const labels = labelsFromObject({
        __name__: 'requests_total',
        job: pod % 3 === 0 ? 'api' : 'wörker',
        pod: `pod-${String(pod).padStart(3, '0')}`,
        code: String(200 + code),
      });
      all.push({
        labels,
        from: (pod * 5) % 100,
        to: Math.min(119, ((pod * 5) % 100) + 60),
        histogram: false,
      });
    }
    const labels = labelsFromObject({
      __name__: 'latency',
      job: 'api',
      pod: `pod-${String(pod).padStart(3, '0')}`,
    });
    all.push({ labels, from: 0, to: 119, histogram: pod % 4 === 0 });
  }
  all.push({ labels: labelsFromObject({ __name__: 'up' }), from: 0, to: 119, histogram: false });
  return all.sort((a, b) => a.labels.compare(b.labels));
}

export function columnsOf({ from, to, histogram }: Series): SampleColumns {
  const columns = new SampleColumns();
  for (let minute = from; minute <= to; minute++) {
    const t = START + minute * 60_000;
    if (histogram) {
      const h = { ...emptyHistogram(0), count: minute, sum: minute * 1.5 };
      columns.pushHistogram(t, {
        ...h,
        positiveSpans: [{ offset: 0, length: 2 }],
        positiveBuckets: Float64Array.of(minute, 0),
      });
      continue;
    }
    columns.reserve(columns.length + 1);
    columns.t[columns.length] = t;
    columns.v[columns.length] = minute % 7;
    columns.length++;
  }
  return columns;
}

/** Writes a block of these series into `dir`; returns its ULID. */
export function writeBlock(dir: string, series: readonly Series[]): string {
  const writer = new BlockWriter(dir, { minTime: START, maxTime: START + 2 * HOUR });
  for (const one of series) writer.addSamples(one.labels, columnsOf(one));
  return writer.finish()!.ulid;
}
