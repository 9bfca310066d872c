/** Limits on native histograms: fewer buckets by a lower resolution, or none at all. */
import { InputError } from '../errors.ts';
import type { Batch } from '../exposition/batch.ts';
import { type Histogram, isExponentialSchema, reduceResolution } from '../model/index.ts';

const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

export interface HistogramLimits {
  /** Most buckets of one histogram; 0 for any number. */
  buckets: number;
  /** Schemas above this one are reduced to it. */
  maxSchema: number;
}

export const NO_HISTOGRAM_LIMITS: HistogramLimits = { buckets: 0, maxSchema: MAX_SCHEMA };

/** The finest schema whose buckets grow at least by `factor` from one to the next; any, where that is 0. */
export function schemaForFactor(factor: number): number {
  if (!(factor > 1)) return MAX_SCHEMA;
  const schema = Math.floor(-Math.log2(Math.log2(factor)));
  return Math.min(MAX_SCHEMA, Math.max(MIN_SCHEMA, schema));
}

/** Holds the histograms of rows from `from` on to the limits. Throws InputError where one cannot be. */
export function limitHistograms(batch: Batch, from: number, limits: HistogramLimits): void {
  if (batch.histograms.size === 0 || (limits.buckets === 0 && limits.maxSchema >= MAX_SCHEMA)) return;
  for (const [row, histogram] of batch.histograms) if (row >= from) limitHistogram(histogram, limits);
}

function limitHistogram(histogram: Histogram, { buckets, maxSchema }: HistogramLimits): void {
  const exponential = isExponentialSchema(histogram.schema);
  if (exponential && histogram.schema > maxSchema) reduceResolution(histogram, maxSchema);
  if (buckets === 0) return;
  while (histogram.positiveBuckets.length + histogram.negativeBuckets.length > buckets) {
    if (!exponential || histogram.schema <= MIN_SCHEMA)
      throw new InputError('scrape_bucket_limit', 'histogram bucket limit exceeded');
    reduceResolution(histogram, histogram.schema - 1);
  }
}
