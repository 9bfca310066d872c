/** What binary operators do where native histograms are involved. Operands are left as they are. */

import { CounterReset, type Histogram } from '../../../model/histogram.ts';
import {
  addHistogram,
  divideHistogram,
  multiplyHistogram,
  subtractHistogram,
} from '../../../model/histogram-arithmetic.ts';
import { histogramsEqual, toFloatHistogram } from '../../../model/histogram-copy.ts';
import { compactHistogram } from '../../../model/histogram-layout.ts';
import { trimLower, trimUpper } from '../../../model/histogram-trim.ts';
import type { Annotations } from '../../functions/annotations.ts';
import { reportCombined } from '../../functions/histogram-annotations.ts';
import type { BinaryOp, SourceRange } from '../../parser/ast.ts';

/** A histogram, the verdict of a comparison, or nothing (which has been reported). */
export type HistogramResult = Histogram | boolean | 'nothing';

/** Null where the operator has no meaning for two histograms. */
export function histogramPairOperation(
  op: BinaryOp,
  a: Histogram,
  b: Histogram,
  annotations: Annotations,
  range: SourceRange,
): HistogramResult | null {
  switch (op) {
    case '+':
    case '-': {
      const result = toFloatHistogram(a);
      const flags = op === '+' ? addHistogram(result, b) : subtractHistogram(result, b);
      if (!reportCombined(flags, op === '+' ? 'addition' : 'subtraction', annotations, range)) {
        annotations.warn(`incompatible bucket layout encountered for binary operator ${op}`, range);
        return 'nothing';
      }
      // A difference may fall as well as rise.
      if (op === '-') result.counterReset = CounterReset.gauge;
      compactHistogram(result, 0);
      return result;
    }
    case '==':
      return histogramsEqual(a, b);
    case '!=':
      return !histogramsEqual(a, b);
    default:
      return null;
  }
}

/** Between a float and a histogram, either way round. Null where the operator has no meaning for them. */
export function floatHistogramOperation(
  op: BinaryOp,
  a: number | Histogram,
  b: number | Histogram,
): HistogramResult | null {
  if (typeof a === 'number') {
    return op === '*' && typeof b !== 'number' ? changed(b, (h) => multiplyHistogram(h, a)) : null;
  }
  if (typeof b !== 'number') return null;
  switch (op) {
    case '*':
      return changed(a, (h) => multiplyHistogram(h, b));
    case '/':
      return changed(a, (h) => divideHistogram(h, b));
    case '</':
      return trimUpper(a, b);
    case '>/':
      return trimLower(a, b);
    default:
      return null;
  }
}

function changed(h: Histogram, change: (copy: Histogram) => void): Histogram {
  const copy = toFloatHistogram(h);
  change(copy);
  compactHistogram(copy, 0);
  return copy;
}
