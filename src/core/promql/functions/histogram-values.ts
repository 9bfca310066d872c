/** Functions of one native histogram: its count, sum, mean and spread. Floats are left out. */

import type { Histogram } from '../../model/histogram.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { bucketsOf } from '../../model/histogram-buckets.ts';
import { HISTOGRAM } from './column.ts';
import { type Implementation, vectorFunction } from './function.ts';
import { nextLost } from './kahan.ts';

function ofHistogram(compute: (h: Histogram) => number): Implementation {
  return vectorFunction((input, _scalars, out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] === HISTOGRAM) out.setFloat(step, compute(input.histogramAt(step)));
    }
  });
}

export const histogramFunctions: Readonly<Record<string, Implementation>> = {
  histogram_avg: ofHistogram((h) => h.sum / h.count),
  histogram_count: ofHistogram((h) => h.count),
  histogram_sum: ofHistogram((h) => h.sum),
  histogram_stddev: ofHistogram((h) => Math.sqrt(variance(h))),
  histogram_stdvar: ofHistogram(variance),
};

/**
 * Every observation is taken to be in the middle of its bucket: the geometric mean of its bounds, the arithmetic one
 * in custom buckets, 0 in the zero bucket.
 */
function variance(h: Histogram): number {
  const mean = h.sum / h.count;
  const custom = isCustomSchema(h.schema);
  const { length, lower, upper, count } = bucketsOf(h);
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < length; i++) {
    if (count[i] === 0) continue;
    let middle: number;
    if (custom) middle = (upper[i] + lower[i]) / 2;
    else if (lower[i] <= 0 && upper[i] >= 0) middle = 0;
    else middle = Math.sign(upper[i]) * Math.sqrt(upper[i] * lower[i]);
    const distance = middle - mean;
    const square = count[i] * distance * distance;
    const t = sum + square;
    lost = nextLost(sum, square, t, lost);
    sum = t;
  }
  return (sum + lost) / h.count;
}
