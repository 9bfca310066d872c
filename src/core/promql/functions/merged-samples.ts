/** Floats and histograms of one series in one time order, for the functions that look at neighbours of either kind. */
import type { Histogram } from '../../model/histogram.ts';
import type { RangeSamples } from './range-samples.ts';

export interface MergedSamples {
  count: number;
  t: Float64Array;
  /** 0 where the sample is a histogram. */
  v: Float64Array;
  /** Null where every sample is a float. */
  histograms: (Histogram | null)[] | null;
  /** Start timestamps, or null. */
  st: Float64Array | null;
  /** Step i sees samples [lo[i], hi[i]). */
  lo: Int32Array;
  hi: Int32Array;
}

/** The floats alone, nothing copied: for the usual series that has no histogram. */
export function floatsOf(samples: RangeSamples): MergedSamples {
  const { count, t, v, st, lo, hi } = samples;
  return { count, t, v, histograms: null, st, lo, hi };
}

export function mergeKinds(samples: RangeSamples): MergedSamples {
  const count = samples.count + samples.histograms.length;
  const t = new Float64Array(count);
  const v = new Float64Array(count);
  const histograms = new Array<Histogram | null>(count).fill(null);
  const st = samples.st === null ? null : new Float64Array(count);
  let float = 0;
  let histogram = 0;
  for (let i = 0; i < count; i++) {
    const takeFloat =
      histogram === samples.histograms.length ||
      (float < samples.count && samples.t[float] < samples.histogramTimes[histogram]);
    if (takeFloat) {
      t[i] = samples.t[float];
      if (st !== null) st[i] = samples.st![float];
      v[i] = samples.v[float++];
    } else {
      t[i] = samples.histogramTimes[histogram];
      if (st !== null) st[i] = samples.histogramStarts?.[histogram] ?? 0;
      histograms[i] = samples.histograms[histogram++];
    }
  }
  // A window's samples of both kinds are neighbours in the merged order too.
  const lo = new Int32Array(samples.steps);
  const hi = new Int32Array(samples.steps);
  for (let step = 0; step < samples.steps; step++) {
    lo[step] = samples.lo[step] + samples.histogramLo[step];
    hi[step] = samples.hi[step] + samples.histogramHi[step];
  }
  return { count, t, v, histograms, st, lo, hi };
}
