/** What had to be fixed in classic histograms whose bucket counts fall, over all histograms and steps of a query. */
import { formatG } from '../../model/number.ts';
import type { Evidence } from './annotations.ts';
import type { MonotonicityFix } from './classic-buckets.ts';

export class ForcedMonotonicity implements Evidence {
  private readonly fix: MonotonicityFix;
  /** When the first and the last of the histograms were evaluated, ms. */
  private readonly firstT: number;
  private readonly lastT: number;
  private readonly histograms: number;

  constructor(fix: MonotonicityFix, firstT: number, lastT = firstT, histograms = 1) {
    this.fix = fix;
    this.firstT = firstT;
    this.lastT = lastT;
    this.histograms = histograms;
  }

  plus(other: ForcedMonotonicity): ForcedMonotonicity {
    const fix = {
      minBound: Math.min(this.fix.minBound, other.fix.minBound),
      maxBound: Math.max(this.fix.maxBound, other.fix.maxBound),
      maxDifference: Math.max(this.fix.maxDifference, other.fix.maxDifference),
    };
    return new ForcedMonotonicity(
      fix,
      Math.min(this.firstT, other.firstT),
      Math.max(this.lastT, other.lastT),
      this.histograms + other.histograms,
    );
  }

  toString(): string {
    const { minBound, maxBound, maxDifference } = this.fix;
    return (
      `from buckets ${formatG(minBound)} to ${formatG(maxBound)}, with a max diff of ${twoDigits(maxDifference)}, ` +
      `over ${this.histograms} samples from ${timeText(this.firstT)} to ${timeText(this.lastT)}`
    );
  }
}

/** Go's `%.2g`. */
function twoDigits(v: number): string {
  const [digits, exponent] = v.toExponential(1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 2) return String(Number(v.toPrecision(2)));
  const sign = power < 0 ? '-' : '+';
  return `${Number(digits)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

function timeText(ms: number): string {
  return new Date(Math.trunc(ms / 1000) * 1000).toISOString().replace('.000', '');
}
