/**
 * Which series a histogram or summary has: one for each bound or quantile, and perhaps a sum. Points of a metric mostly have
 * the same.
 */
import { formatF } from '../model/number.ts';
import { type DataPoint, NumberList } from './data-point.ts';
import type { MetricKind } from './request.ts';

/** How many bounds of a histogram have a count. */
export function bucketsIn({ bounds, bucketCounts }: DataPoint): number {
  return Math.min(bounds.length, bucketCounts.length);
}

export class PointShape {
  private readonly numbers = new NumberList();
  private hasSum = false;
  private isKnown = false;

  clear(): void {
    this.isKnown = false;
  }

  /** Whether this point has other ones than that before; remembers them. */
  changed(point: DataPoint): boolean {
    const { numbers } = this;
    const given = numbersOf(point);
    const length = lengthOf(point);
    let same = this.isKnown && numbers.length === length && this.hasSum === point.hasSum;
    for (let i = 0; i < length && same; i++) same = Object.is(numbers.values[i], given.values[i]);
    if (same) return false;
    this.isKnown = true;
    this.hasSum = point.hasSum;
    numbers.clear();
    for (let i = 0; i < length; i++) numbers.push(given.values[i]);
    return true;
  }

  text(): string {
    return `${this.hasSum}/${this.numbers.copy().join()}`;
  }

  /** Values of the label of each series. */
  ends(kind: MetricKind, point: DataPoint): string[] {
    const ends = [...numbersOf(point).values.subarray(0, lengthOf(point))].map(formatF);
    return kind === 'summary' ? ends : [...ends, '+Inf'];
  }
}

function numbersOf(point: DataPoint): NumberList {
  return point.quantiles.length > 0 ? point.quantiles : point.bounds;
}

function lengthOf(point: DataPoint): number {
  return point.quantiles.length > 0 ? point.quantiles.length : bucketsIn(point);
}
