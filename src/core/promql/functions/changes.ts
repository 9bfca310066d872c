/** `changes` and `resets`: events between neighbouring samples, counted once and looked up for every window. */
import { histogramsEqual } from '../../model/histogram-copy.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import { FLOAT, type StepColumn } from './column.ts';
import { type CallSite, type Implementation, rangeFunction } from './function.ts';
import { floatsOf, type MergedSamples, mergeKinds } from './merged-samples.ts';
import type { RangeSamples } from './range-samples.ts';
import { startsAnew } from './start-times.ts';

/** Whether the event happened between sample `i - 1` and sample `i`. */
type Event = (samples: MergedSamples, i: number) => boolean;

const changed: Event = ({ v, histograms }, i) => {
  const before = histograms?.[i - 1] ?? null;
  const after = histograms?.[i] ?? null;
  if (before === null && after === null) {
    return v[i] !== v[i - 1] && !(Number.isNaN(v[i]) && Number.isNaN(v[i - 1]));
  }
  return before === null || after === null || !histogramsEqual(before, after);
};

const reset: Event = ({ t, v, histograms, st }, i) => {
  const before = histograms?.[i - 1] ?? null;
  const after = histograms?.[i] ?? null;
  if (st !== null && startsAnew(st[i - 1], t[i - 1], st[i], t[i])) return true;
  if (before === null && after === null) return v[i] < v[i - 1];
  return before === null || after === null || detectReset(after, before);
};

export const changes: Implementation = rangeFunction((samples, _scalars, out, site) =>
  countEvents(samples, out, site, changed),
);

export const resets: Implementation = rangeFunction((samples, _scalars, out, site) =>
  countEvents(samples, out, site, reset),
);

function countEvents(samples: RangeSamples, out: StepColumn, site: CallSite, event: Event): void {
  const merged = samples.histograms.length === 0 ? floatsOf(samples) : mergeKinds(samples);
  const { t, lo, hi } = merged;
  const before = eventsBefore(merged, event);
  for (let step = 0; step < out.length; step++) {
    let from = lo[step];
    const to = hi[step];
    if (from === to) continue;
    // `anchored` counts from the last sample before the window on, if that is not too old.
    if (site.modifier === 'anchored' && from > 0) {
      if (t[from - 1] > samples.windowStart[step] - samples.lookbackMs) from--;
    }
    out.kind[step] = FLOAT;
    out.v[step] = before[to - 1] - before[from];
  }
}

/** For each sample i the events up to and including the one that it took part in as the later one. */
function eventsBefore(merged: MergedSamples, event: Event): Int32Array {
  const { count, v, histograms, st } = merged;
  const before = new Int32Array(count);
  let events = 0;
  if (histograms !== null || st !== null) {
    for (let i = 1; i < count; i++) {
      if (event(merged, i)) events++;
      before[i] = events;
    }
  } else if (event === reset) {
    // Floats alone, as nearly always, without a call for each.
    for (let i = 1; i < count; i++) {
      if (v[i] < v[i - 1]) events++;
      before[i] = events;
    }
  } else {
    for (let i = 1; i < count; i++) {
      if (v[i] !== v[i - 1] && !(Number.isNaN(v[i]) && Number.isNaN(v[i - 1]))) events++;
      before[i] = events;
    }
  }
  return before;
}
