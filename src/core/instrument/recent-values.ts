/**
 * What a summary tells: quantiles of the values that were observed in the last minutes, exactly, beside the sum and the
 * number of all.
 */
import type { FamilySample } from '../model/family.ts';
import type { Labels } from '../model/labels.ts';
import { formatG } from '../model/number.ts';

const WINDOW_MS = 10 * 60_000;
const MOST_KEPT = 1024;

export class RecentValues {
  sum = 0;
  count = 0;
  private readonly values: Float64Array;
  private readonly times: Float64Array;

  /** Quantiles are of the newest `kept` values: of less than the window, where there are more in it. */
  constructor(kept = MOST_KEPT) {
    this.values = new Float64Array(kept);
    this.times = new Float64Array(kept);
  }

  /** `now` is of a monotonic clock, ms. */
  observe(value: number, now: number): void {
    const at = this.count % this.values.length;
    this.values[at] = value;
    this.times[at] = now;
    this.count++;
    this.sum += value;
  }

  /** The samples of a summary; `labels` gives those of one, by the end of its name and a label that it has besides. */
  samples(
    quantiles: readonly number[],
    now: number,
    labels: (suffix: string, ...more: [string, string][]) => Labels,
  ): FamilySample[] {
    const recent = this.values
      .subarray(0, Math.min(this.count, this.values.length))
      .filter((_, i) => now - this.times[i] <= WINDOW_MS)
      .sort();
    const at = (q: number) => (recent.length === 0 ? Number.NaN : recent[Math.ceil(q * recent.length) - 1]);
    return [
      ...quantiles.map((q) => ({ labels: labels('', ['quantile', formatG(q)]), v: at(q) })),
      { labels: labels('_sum'), v: this.sum },
      { labels: labels('_count'), v: this.count },
    ];
  }
}
