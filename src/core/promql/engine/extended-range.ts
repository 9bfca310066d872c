/**
 * An `anchored` or `smoothed` range vector that is not the argument of a function but a query's result: the floats
 * within the window, and one at each of its ends, which is the last one before it or, for `smoothed`, what lies on the
 * line between the samples beside it.
 */
import { ExtendedWindows, type Modifier, type Taken } from '../functions/extended-window.ts';
import { floatBetween } from '../functions/interpolation.ts';
import { RangeSamples } from '../functions/range-samples.ts';
import type { MatrixSelector } from '../parser/ast.ts';
import { QueryError } from './errors.ts';
import type { RangeOperator, SeriesMeta } from './operator.ts';

export function modifierOf({ selector }: MatrixSelector): Modifier | null {
  if (selector.anchored) return 'anchored';
  return selector.smoothed ? 'smoothed' : null;
}

/** Of one window. */
export class ExtendedRange implements RangeOperator {
  readonly kind = 'range';
  readonly windowMs: number;
  readonly steps = 1;
  private readonly input: RangeOperator;
  private readonly modifier: Modifier;

  constructor(input: RangeOperator, modifier: Modifier) {
    this.input = input;
    this.modifier = modifier;
    this.windowMs = input.windowMs;
  }

  get series(): readonly SeriesMeta[] {
    return this.input.series;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  read(i: number): RangeSamples {
    const samples = this.input.read(i);
    const { modifier } = this;
    if (new ExtendedWindows(samples, 'histograms', modifier).moveTo(0)) {
      throw new QueryError(`${modifier} modifier is not supported with histograms`);
    }
    const floats = new ExtendedWindows(samples, 'floats', modifier);
    const taken = floats.moveTo(0) ? floats.take(0) : null;
    const extended = new RangeSamples(samples.stepTime, samples.windowMs, samples.lookbackMs);
    if (taken !== null) fill(extended, samples, taken, modifier === 'smoothed');
    return extended;
  }
}

function fill(out: RangeSamples, samples: RangeSamples, { first, last }: Taken, smoothed: boolean): void {
  const { t, v } = samples;
  const [start] = samples.windowStart;
  const [end] = samples.windowEnd;
  const left = smoothed && t[first] < start ? floatBetween(t, v, first, start, false) : v[first];
  const right = smoothed && last > 0 && t[last] > end ? floatBetween(t, v, last - 1, end, false) : v[last];
  const from = t[first] <= start ? first + 1 : first;
  const to = t[last] >= end ? last : last + 1;
  out.t = Float64Array.of(start, ...t.subarray(from, to), end);
  out.v = Float64Array.of(left, ...v.subarray(from, to), right);
  out.count = out.t.length;
  out.hi[0] = out.count;
}
