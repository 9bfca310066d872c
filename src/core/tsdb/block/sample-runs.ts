/**
 * Joins samples of one series that come from several places. Each place appends its samples, in time order, behind
 * those of the others; where times overlap the runs are merged.
 *
 * Of two samples at one time one is kept, and it is the one that a query of Prometheus shows: that of the run which
 * did not give the sample before, and of the same run as long as times go on to be the same. So where a block begins
 * within another one it prevails, and of two that begin at once the first.
 */
import type { SampleColumns } from '../../model/index.ts';
import { lowerBound } from './intervals.ts';

/** Rows of the run that is moved out of the way; grows as needed. */
let times = new Float64Array(256);
let values = new Float64Array(256);
let starts = new Float64Array(256);

/**
 * Merges rows [from, middle) with rows [middle, columns.length), both of ascending times, so that times ascend from
 * `from` on.
 */
export function mergeRuns(columns: SampleColumns, from: number, middle: number): void {
  const end = columns.length;
  if (from === middle || middle === end) return;
  if (columns.t[middle] > columns.t[middle - 1]) return;
  // What lies before the second run's first sample stays where it is.
  const first = lowerBound(columns.t, from, middle, columns.t[middle]);
  const moved = middle - first;
  if (times.length < moved) {
    times = new Float64Array(moved * 2);
    values = new Float64Array(moved * 2);
    starts = new Float64Array(moved * 2);
  }
  const { t, v, st } = columns;
  times.set(t.subarray(first, middle));
  values.set(v.subarray(first, middle));
  if (st !== null) starts.set(st.subarray(first, middle));
  // As halves, so that no NaN loses its payload on the way through a number.
  const to = new Uint32Array(v.buffer, v.byteOffset, v.length * 2);
  const saved = new Uint32Array(values.buffer);
  const histograms = columns.histograms;
  while (histograms !== null && histograms.length < end) histograms.push(null);
  const savedHistograms = histograms?.slice(first, middle);

  let row = first;
  let i = 0;
  let j = middle;
  // Whether the second run wins where times are the same.
  let second = first > from;
  while (i < moved || j < end) {
    let fromSaved = i < moved && (j >= end || times[i] <= t[j]);
    if (i < moved && j < end && times[i] === t[j]) {
      fromSaved = !second;
      if (fromSaved) j++;
      else i++;
    } else {
      second = fromSaved;
    }
    if (fromSaved) {
      t[row] = times[i];
      to[row * 2] = saved[i * 2];
      to[row * 2 + 1] = saved[i * 2 + 1];
      if (st !== null) st[row] = starts[i];
      if (histograms !== null) histograms[row] = savedHistograms![i];
      i++;
    } else {
      t[row] = t[j];
      to[row * 2] = to[j * 2];
      to[row * 2 + 1] = to[j * 2 + 1];
      if (st !== null) st[row] = st[j];
      if (histograms !== null) histograms[row] = histograms[j];
      j++;
    }
    row++;
  }
  columns.length = row;
  if (histograms !== null) histograms.length = row;
}
