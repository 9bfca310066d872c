/** Deleted stretches of one series: pairs of first and last millisecond, both inclusive, sorted, apart. */

import type { SampleColumns } from '../../model/index.ts';

/** [from, to, from, to, …] */
export type Intervals = readonly number[];

/** With [mint, maxt] added; stretches that touch become one. */
export function addInterval(intervals: Intervals, mint: number, maxt: number): Intervals {
  const out: number[] = [];
  let from = mint;
  let to = maxt;
  let i = 0;
  for (; i < intervals.length && intervals[i + 1] < mint - 1; i += 2)
    out.push(intervals[i], intervals[i + 1]);
  for (; i < intervals.length && intervals[i] <= maxt + 1; i += 2) {
    from = Math.min(from, intervals[i]);
    to = Math.max(to, intervals[i + 1]);
  }
  out.push(from, to);
  for (; i < intervals.length; i++) out.push(intervals[i]);
  return out;
}

/** Whether all of [mint, maxt] is deleted. */
export function covers(intervals: Intervals, mint: number, maxt: number): boolean {
  for (let i = 0; i < intervals.length; i += 2) {
    if (intervals[i] <= mint && maxt <= intervals[i + 1]) return true;
  }
  return false;
}

/** Whether any of [mint, maxt] is deleted. */
export function touches(intervals: Intervals, mint: number, maxt: number): boolean {
  for (let i = 0; i < intervals.length; i += 2) {
    if (intervals[i] <= maxt && mint <= intervals[i + 1]) return true;
  }
  return false;
}

/** Takes the deleted rows out of `columns`, from row `from` on, where times ascend. */
export function removeDeleted(columns: SampleColumns, from: number, intervals: Intervals): void {
  const { t, v, st, histograms } = columns;
  // Floats behind the last histogram need not have a place in that list.
  while (histograms !== null && histograms.length < columns.length) histograms.push(null);
  let kept = from;
  let row = from;
  for (let i = 0; i < intervals.length && row < columns.length; i += 2) {
    const start = lowerBound(t, row, columns.length, intervals[i]);
    move(row, start);
    row = lowerBound(t, start, columns.length, intervals[i + 1] + 1);
  }
  move(row, columns.length);
  columns.length = kept;
  if (histograms !== null) histograms.length = kept;

  function move(start: number, end: number): void {
    if (kept !== start) {
      t.copyWithin(kept, start, end);
      v.copyWithin(kept, start, end);
      st?.copyWithin(kept, start, end);
      histograms?.copyWithin(kept, start, end);
    }
    kept += end - start;
  }
}

/** The first row in [from, to) whose time is at least `time`, or `to`. */
export function lowerBound(t: Float64Array, from: number, to: number, time: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (t[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
