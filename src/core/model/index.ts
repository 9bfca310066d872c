export * from './columns.ts';
export * from './duration.ts';
export * from './escaping.ts';
export * from './exemplar.ts';
export * from './family.ts';
export * from './histogram.ts';
export {
  addHistogram,
  Combined,
  divideHistogram,
  hasOverflow,
  multiplyHistogram,
  subtractHistogram,
} from './histogram-arithmetic.ts';
export {
  bucketBound,
  exponentialBound,
  isCustomSchema,
  isExponentialSchema,
  isKnownSchema,
} from './histogram-bounds.ts';
export { BoundaryRule, type Buckets, bucketsOf } from './histogram-buckets.ts';
export {
  copyHistogram,
  emptyHistogram,
  histogramsEqual,
  sameColumn,
  staleHistogram,
  toFloatHistogram,
} from './histogram-copy.ts';
export { formatHistogram, formatTestHistogram } from './histogram-format.ts';
export {
  bucketIndexes,
  bucketsIn,
  compactHistogram,
  NO_BUCKETS,
  NO_SPANS,
  sameLayout,
  spansOf,
} from './histogram-layout.ts';
export { detectReset } from './histogram-reset.ts';
export { reduceResolution } from './histogram-resolution.ts';
export { HistogramSum } from './histogram-sum.ts';
export { trimLower, trimUpper } from './histogram-trim.ts';
export { schemaFault, validateHistogram } from './histogram-validation.ts';
export * from './labels.ts';
export * from './labels-builder.ts';
export * from './letter-case.ts';
export * from './matcher.ts';
export * from './metadata.ts';
export * from './names.ts';
export * from './number.ts';
export * from './outcome.ts';
export * from './quote.ts';
export * from './timestamp.ts';
export * from './value.ts';
