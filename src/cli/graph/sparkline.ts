/** A series' course in one line of blocks, from its least value to its greatest; blank where it has none. */

const BLOCKS = '▁▂▃▄▅▆▇█';

export interface Course {
  /** Milliseconds, ascending. */
  t: Float64Array;
  v: Float64Array;
}

/** `width` characters for the time from `start` to `end`; each shows the mean of its part. */
export function sparkline({ t, v }: Course, start: number, end: number, width: number): string {
  const sums = new Float64Array(width);
  const counts = new Uint32Array(width);
  for (let i = 0; i < t.length; i++) {
    if (!Number.isFinite(v[i])) continue;
    const cell = Math.min(width - 1, Math.floor(((t[i] - start) / Math.max(1, end - start)) * width));
    if (cell < 0) continue;
    sums[cell] += v[i];
    counts[cell]++;
  }
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let cell = 0; cell < width; cell++) {
    if (counts[cell] === 0) continue;
    sums[cell] /= counts[cell];
    min = Math.min(min, sums[cell]);
    max = Math.max(max, sums[cell]);
  }
  let out = '';
  for (let cell = 0; cell < width; cell++) {
    // A series that does not move is drawn low: nothing happens in it.
    const level = max > min ? Math.round(((sums[cell] - min) / (max - min)) * (BLOCKS.length - 1)) : 0;
    out += counts[cell] === 0 ? ' ' : BLOCKS[level];
  }
  return out;
}
