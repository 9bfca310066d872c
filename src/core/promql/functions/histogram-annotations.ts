/** What operations on native histograms say, in upstream's words. */
import { Combined } from '../../model/histogram-arithmetic.ts';
import { goQuote } from '../../model/quote.ts';
import type { SourceRange } from '../parser/ast.ts';
import type { Annotations } from './annotations.ts';

/** What histograms were combined for. */
export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

/** Reports the flags of a combination. Returns false where the histograms did not combine at all. */
export function reportCombined(
  flags: number,
  operation: HistogramOperation,
  annotations: Annotations,
  range: SourceRange,
): boolean {
  if ((flags & Combined.incompatible) !== 0) return false;
  if ((flags & Combined.counterResetCollision) !== 0) {
    annotations.warn(`conflicting counter resets during histogram ${operation}`, range);
  }
  reportBounds(flags, operation, annotations, range);
  return true;
}

/** The same for those who do not care what the hints say of resets. */
export function reportBounds(
  flags: number,
  operation: HistogramOperation,
  annotations: Annotations,
  range: SourceRange,
): void {
  if ((flags & Combined.boundsReconciled) === 0) return;
  annotations.info(`mismatched custom buckets were reconciled during ${operation}`, range);
}

export function warnMixedSchemas(metric: string, annotations: Annotations, range: SourceRange): void {
  annotations.warn(
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${goQuote(metric)}`,
    range,
  );
}
