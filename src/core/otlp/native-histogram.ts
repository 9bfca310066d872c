/**
 * Native histograms from those of OTLP: exponential ones, whose bucket i is the one after Prometheus' bucket i, and
 * those with bounds of their own.
 * See https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms
 */
import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  MAX_EXPONENTIAL_SCHEMA,
} from '../model/histogram.ts';
import { emptyHistogram, staleHistogram } from '../model/histogram-copy.ts';
import { spansOf } from '../model/histogram-layout.ts';
import type { DataPoint, ExponentialBuckets, NumberList } from './data-point.ts';

/** OTLP's own threshold is not used, as upstream does not. */
const ZERO_THRESHOLD = 1e-128;

type Side = Pick<Histogram, 'positiveSpans' | 'positiveBuckets'>;

/** Of a scale of -4 or more; finer ones than Prometheus has are merged. */
export function exponentialHistogram(point: DataPoint, counterReset: CounterResetHint): Histogram {
  if (point.isMissing) return staleInteger();
  const merged = Math.max(0, point.scale - MAX_EXPONENTIAL_SCHEMA);
  const positive = mergedSide(point.positive, merged);
  const negative = mergedSide(point.negative, merged);
  return {
    ...emptyHistogram(point.scale - merged),
    ...positive,
    isFloat: false,
    counterReset,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: point.zeroCount,
    count: point.count,
    sum: point.hasSum ? point.value[0] : 0,
    negativeSpans: negative.positiveSpans,
    negativeBuckets: negative.positiveBuckets,
  };
}

export function customHistogram(point: DataPoint, counterReset: CounterResetHint): Histogram {
  if (point.isMissing) return staleInteger();
  return {
    ...emptyHistogram(CUSTOM_BUCKETS_SCHEMA),
    ...sideOf(point.bucketCounts, (i) => i),
    isFloat: false,
    counterReset,
    count: point.count,
    sum: point.hasSum ? point.value[0] : 0,
    customValues: point.bounds.copy(),
  };
}

function staleInteger(): Histogram {
  return { ...staleHistogram(), isFloat: false };
}

/** 2 to the power of `merged` buckets become one. */
function mergedSide({ offset, counts }: ExponentialBuckets, merged: number): Side {
  const scale = 2 ** merged;
  return sideOf(counts, (i) => Math.floor((offset + i) / scale) + 1);
}

/** Buckets with something in them; `indexOf` does not fall. */
function sideOf(counts: NumberList, indexOf: (i: number) => number): Side {
  const indexes: number[] = [];
  const buckets: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    const count = counts.values[i];
    if (count === 0) continue;
    const index = indexOf(i);
    if (indexes.length > 0 && indexes[indexes.length - 1] === index) buckets[buckets.length - 1] += count;
    else {
      indexes.push(index);
      buckets.push(count);
    }
  }
  return { positiveSpans: spansOf(indexes), positiveBuckets: Float64Array.from(buckets) };
}
