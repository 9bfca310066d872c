/**
 * A classic histogram, put together from the samples of its `_bucket`, `_count` and `_sum` series, and turned into the
 * native histogram with the same buckets (schema -53), by the rules of Prometheus' `convert_classic_histograms_to_nhcb`.
 */
import { InputError } from '../errors.ts';
import { CounterReset, CUSTOM_BUCKETS_SCHEMA, type Histogram } from './histogram.ts';
import { emptyHistogram } from './histogram-copy.ts';
import { compactHistogram } from './histogram-layout.ts';
import { formatG } from './number.ts';

export type ClassicPart = 'bucket' | 'count' | 'sum';

/** The histogram that a series belongs to by its name, and as which part of it; undefined where by none. */
export function classicPartOf(metric: string): { base: string; part: ClassicPart } | undefined {
  const match = /^(.*)_(bucket|count|sum)$/s.exec(metric);
  return match === null ? undefined : { base: match[1], part: match[2] as ClassicPart };
}

interface Bucket {
  upperBound: number;
  /** Cumulative. */
  count: number;
}

export class ClassicHistogram {
  /** By bound, ascending. */
  private readonly buckets: Bucket[] = [];
  private count: number | undefined;
  private sum = 0;

  /** Of buckets with one bound the first counts. Throws InputError where counts fall from one bound to the next. */
  setBucket(upperBound: number, count: number): void {
    if (count < 0) {
      throw fault(`bucket count must be non-negative: le=${formatG(upperBound)}, count=${formatG(count)}`);
    }
    let at = this.buckets.length;
    while (at > 0 && this.buckets[at - 1].upperBound >= upperBound) at--;
    const below = this.buckets[at - 1];
    const above = this.buckets[at];
    if (above?.upperBound === upperBound) return;
    if ((below !== undefined && below.count > count) || (above !== undefined && above.count < count)) {
      throw fault('bucket counts are not cumulative');
    }
    this.buckets.splice(at, 0, { upperBound, count });
  }

  setCount(count: number): void {
    if (count < 0) throw fault(`count must be non-negative: count=${formatG(count)}`);
    this.count = count;
  }

  setSum(sum: number): void {
    this.sum = sum;
  }

  /** Throws InputError where the count and the buckets contradict each other. */
  toNative(): Histogram {
    const { buckets } = this;
    const highest = buckets.at(-1);
    const count = this.count ?? highest?.count ?? 0;
    if (highest !== undefined && highest.count > count) throw mismatch(count, highest.count);
    const bounds = buckets.filter(({ upperBound }) => upperBound !== Number.POSITIVE_INFINITY);
    const infinite = buckets.find(({ upperBound }) => upperBound === Number.POSITIVE_INFINITY);
    if (infinite !== undefined && infinite.count !== count) throw mismatch(count, infinite.count);
    const cumulative = [...bounds.map((bucket) => bucket.count), count];
    const native: Histogram = {
      ...emptyHistogram(CUSTOM_BUCKETS_SCHEMA),
      isFloat: !cumulative.every(Number.isInteger),
      counterReset: CounterReset.unknown,
      count,
      sum: this.sum,
      customValues: Float64Array.from(bounds, ({ upperBound }) => upperBound),
      positiveSpans: [{ offset: 0, length: cumulative.length }],
      positiveBuckets: Float64Array.from(cumulative, (c, i) => (i === 0 ? c : c - cumulative[i - 1])),
    };
    compactHistogram(native, 2);
    return native;
  }
}

function mismatch(count: number, buckets: number): InputError {
  return fault(
    `count does not match buckets: count=${formatG(count)}, highest bucket count=${formatG(buckets)}`,
  );
}

function fault(reason: string): InputError {
  return new InputError('bad_classic_histogram', reason);
}
