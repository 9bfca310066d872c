/** What OpenMetrics demands of the samples of one histogram or gauge histogram at one time, together. */
import type { Labels } from '../model/labels.ts';
import { LineFault } from './line-fault.ts';

export class HistogramRules {
  private open = false;
  /** Of the last bucket; NaN before the first. */
  private bound = Number.NaN;
  private cumulative = 0;
  private negativeBounds = false;
  private count: number | undefined;
  private sum: number | undefined;
  private gsum: number | undefined;

  sample(suffix: string, labels: Labels, v: number, at: number): void {
    this.open = true;
    if (suffix === '_bucket') this.bucket(labels.get('le'), v, at);
    else if (suffix === '_count' || suffix === '_gcount') this.count = v;
    else if (suffix === '_sum') this.sum = v;
    else if (suffix === '_gsum') this.gsum = v;
  }

  /** All samples of family `name` were given; the next belong to another metric or another time. */
  endMetric(name: string, at: number): void {
    if (!this.open) return;
    const { count, sum, gsum } = this;
    const hasSum = sum !== undefined || gsum !== undefined;
    const fail = (reason: string) => {
      throw new LineFault(at, `${name}, before this line: ${reason}`);
    };
    if (this.bound !== Number.POSITIVE_INFINITY) fail('the bucket with le="+Inf" is missing');
    if (count !== undefined && count !== this.cumulative)
      fail('the count is not that of the bucket with le="+Inf"');
    if (hasSum && count === undefined) fail('there is a sum, but no count');
    if (!hasSum && count !== undefined) fail('there is a count, but no sum');
    if (sum !== undefined && this.negativeBounds) fail('a histogram with negative buckets cannot have a sum');
    if (gsum !== undefined && gsum < 0 && !this.negativeBounds) fail('the sum is negative, but no bucket is');
    this.reset();
  }

  reset(): void {
    this.open = false;
    this.bound = Number.NaN;
    this.cumulative = 0;
    this.negativeBounds = false;
    this.count = undefined;
    this.sum = undefined;
    this.gsum = undefined;
  }

  private bucket(le: string, v: number, at: number): void {
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    if (bound <= this.bound) throw new LineFault(at, 'the buckets are not in ascending order');
    if (v < this.cumulative) throw new LineFault(at, 'a bucket has less than the one before it');
    if (bound < 0) this.negativeBounds = true;
    this.bound = bound;
    this.cumulative = v;
  }
}
