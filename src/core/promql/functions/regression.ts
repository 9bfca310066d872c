/** Lines through samples: `deriv`, `predict_linear`, `double_exponential_smoothing`. */
import { InputError } from '../../errors.ts';
import { formatG } from '../../model/number.ts';
import { FLOAT } from './column.ts';
import { DoubleExponential } from './double-exponential.ts';
import { type Implementation, rangeFunction } from './function.ts';
import { nextLost } from './kahan.ts';
import { ignoreHistogramsBeside } from './range-annotations.ts';

interface Line {
  /** Per second. */
  slope: number;
  /** Value at the intercept time. */
  intercept: number;
}

export const deriv: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  const { t, v, lo, hi } = samples;
  for (let step = 0; step < out.length; step++) {
    if (hi[step] - lo[step] < 2) continue;
    // The slope does not depend on the intercept time; the first sample's keeps the numbers small.
    out.kind[step] = FLOAT;
    out.v[step] = leastSquares(t, v, lo[step], hi[step], t[lo[step]]).slope;
  }
});

export const predictLinear: Implementation = rangeFunction((samples, [seconds], out, site) => {
  ignoreHistogramsBeside(samples, site);
  const { t, v, lo, hi, stepTime } = samples;
  for (let step = 0; step < out.length; step++) {
    if (hi[step] - lo[step] < 2) continue;
    const { slope, intercept } = leastSquares(t, v, lo[step], hi[step], stepTime[step]);
    out.kind[step] = FLOAT;
    out.v[step] = slope * seconds[step] + intercept;
  }
});

/** Simple linear regression over samples [from, to), x in seconds after `interceptTime`, every sum compensated. */
function leastSquares(
  t: Float64Array,
  v: Float64Array,
  from: number,
  to: number,
  interceptTime: number,
): Line {
  let sumX = 0;
  let lostX = 0;
  let sumY = 0;
  let lostY = 0;
  let sumXY = 0;
  let lostXY = 0;
  let sumX2 = 0;
  let lostX2 = 0;
  let constant = true;
  const first = v[from];
  for (let i = from; i < to; i++) {
    const y = v[i];
    if (constant && i > from && y !== first) constant = false;
    const x = (t[i] - interceptTime) / 1000;
    let next = sumX + x;
    lostX = nextLost(sumX, x, next, lostX);
    sumX = next;
    next = sumY + y;
    lostY = nextLost(sumY, y, next, lostY);
    sumY = next;
    const xy = x * y;
    next = sumXY + xy;
    lostXY = nextLost(sumXY, xy, next, lostXY);
    sumXY = next;
    const x2 = x * x;
    next = sumX2 + x2;
    lostX2 = nextLost(sumX2, x2, next, lostX2);
    sumX2 = next;
  }
  if (constant) {
    if (first === Number.POSITIVE_INFINITY || first === Number.NEGATIVE_INFINITY) {
      return { slope: Number.NaN, intercept: Number.NaN };
    }
    return { slope: 0, intercept: first };
  }
  const n = to - from;
  sumX += lostX;
  sumY += lostY;
  sumXY += lostXY;
  sumX2 += lostX2;
  const covariance = sumXY - (sumX * sumY) / n;
  const variance = sumX2 - (sumX * sumX) / n;
  const slope = covariance / variance;
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}

export const doubleExponentialSmoothing: Implementation = rangeFunction(
  (samples, [smoothing, trend], out, site) => {
    ignoreHistogramsBeside(samples, site);
    const { v, lo, hi, histogramLo, histogramHi } = samples;
    const windows = new DoubleExponential(v, samples.count);
    for (let step = 0; step < out.length; step++) {
      if (hi[step] === lo[step] && histogramHi[step] === histogramLo[step]) continue;
      checkFactor('smoothing', smoothing[step], 'sf');
      checkFactor('trend', trend[step], 'tf');
      if (hi[step] - lo[step] < 2) continue;
      out.kind[step] = FLOAT;
      windows.setFactors(smoothing[step], trend[step]);
      out.v[step] = windows.window(lo[step], hi[step]);
    }
  },
);

function checkFactor(name: string, value: number, symbol: string): void {
  // A NaN is neither too small nor too large, and upstream lets it pass.
  if (!(value <= 0 || value >= 1)) return;
  throw new InputError(
    'query_execution',
    `invalid ${name} factor. Expected: 0 < ${symbol} < 1, got: ${sixDecimals(value)}`,
  );
}

/** As Go's `%f`, which writes all digits of a large number. */
function sixDecimals(value: number): string {
  if (!Number.isFinite(value)) return formatG(value);
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
