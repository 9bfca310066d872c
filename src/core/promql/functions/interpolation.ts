/** Values between two samples, on the line from one to the other: what `smoothed` selectors take. */
import type { Histogram } from '../../model/histogram.ts';
import { addHistogram, multiplyHistogram, subtractHistogram } from '../../model/histogram-arithmetic.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { toFloatHistogram } from '../../model/histogram-copy.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import type { SourceRange } from '../parser/ast.ts';
import type { Annotations } from './annotations.ts';
import { reportBounds } from './histogram-annotations.ts';

/** The value at `time` between samples `i` and `i + 1`. A counter that was reset between them grew from zero. */
export function floatBetween(
  t: Float64Array,
  v: Float64Array,
  i: number,
  time: number,
  isCounter: boolean,
): number {
  const y2 = v[i + 1];
  const y1 = isCounter && y2 < v[i] ? 0 : v[i];
  return y1 + ((y2 - y1) * (time - t[i])) / (t[i + 1] - t[i]);
}

/**
 * The same for histograms, `fraction` of the way from `a` to `b`. Null where one is exponential and the other has
 * custom buckets. What is to be said of their bounds is said of `place`.
 */
export function histogramBetween(
  a: Histogram,
  b: Histogram,
  fraction: number,
  isCounter: boolean,
  annotations: Annotations,
  place: SourceRange,
): Histogram | null {
  if (isCustomSchema(a.schema) !== isCustomSchema(b.schema)) return null;
  const result = toFloatHistogram(b);
  if (isCounter && detectReset(b, a)) {
    multiplyHistogram(result, fraction);
    return result;
  }
  reportBounds(subtractHistogram(result, a), 'subtraction', annotations, place);
  multiplyHistogram(result, fraction);
  reportBounds(addHistogram(result, a), 'addition', annotations, place);
  return result;
}
