/**
 * Makes one series of several that say the same, as the two servers of a pair do: each scrapes at its own moments, so
 * their samples may not be mixed (a counter would seem to go back and forth). One of them, rather the first, is followed
 * for as long as it has no gap; where it has one, or ends, another one that has samples there takes over.
 */
import { isStale, type SampleColumns } from '../../model/index.ts';

/** So many times its interval without a sample is a gap. */
const GAP_INTERVALS = 1.5;
/** Another replica's sample nearer than this part of the interval to the last one would say the same again. */
const NEAR_INTERVALS = 0.5;

/** Appends to `out` (empty) what the replicas, each with ascending times, have together. */
export function mergeReplicas(replicas: readonly SampleColumns[], out: SampleColumns): void {
  const cursors = replicas.filter(({ length }) => length > 0).map((columns) => new ReplicaCursor(columns));
  let current = firstOf(cursors);
  let last = Number.NEGATIVE_INFINITY;
  while (current !== undefined) {
    for (const cursor of cursors) cursor.skipTo(last);
    const from: ReplicaCursor = current;
    const other = successor(from, cursors, last);
    if (other !== undefined) current = other;
    else if (from.isDone) current = undefined;
    if (current === undefined) return;
    last = current.time;
    current.take(out);
  }
}

/** The first of those that have samples from the beginning on: so it is the same one in the next stretch of time. */
function firstOf(cursors: readonly ReplicaCursor[]): ReplicaCursor | undefined {
  const start = Math.min(...cursors.map(({ time }) => time));
  return cursors.find(({ time, interval }) => time === start || time - start <= interval * GAP_INTERVALS);
}

/** The replica that takes over from `current` after time `last`, if any has to. */
function successor(
  current: ReplicaCursor,
  cursors: readonly ReplicaCursor[],
  last: number,
): ReplicaCursor | undefined {
  const { interval } = current;
  const near = Number.isFinite(interval) ? interval * NEAR_INTERVALS : 0;
  if (current.isDone) {
    for (const other of cursors) other.skipTo(last + near);
    return earliest(cursors, () => true);
  }
  const isGap = current.time - last > interval * GAP_INTERVALS;
  if (!isGap && !current.isStale) return undefined;
  for (const other of cursors) if (other !== current) other.skipTo(last + near);
  // Where the series ends for one of them alone, it does not end.
  const until = current.isStale ? current.time + interval * GAP_INTERVALS : current.time - near;
  return earliest(cursors, (other) => other !== current && !other.isStale && other.time < until);
}

function earliest(
  cursors: readonly ReplicaCursor[],
  accept: (cursor: ReplicaCursor) => boolean,
): ReplicaCursor | undefined {
  let best: ReplicaCursor | undefined;
  for (const cursor of cursors) {
    if (!cursor.isDone && accept(cursor) && (best === undefined || cursor.time < best.time)) best = cursor;
  }
  return best;
}

class ReplicaCursor {
  /** Usual time between two samples, ms; Infinity where there is but one. */
  readonly interval: number;
  private readonly columns: SampleColumns;
  private row = 0;

  constructor(columns: SampleColumns) {
    this.columns = columns;
    this.interval = medianInterval(columns);
  }

  get isDone(): boolean {
    return this.row >= this.columns.length;
  }

  get time(): number {
    return this.columns.t[this.row];
  }

  get isStale(): boolean {
    const { columns, row } = this;
    const h = columns.histograms?.[row] ?? null;
    return h === null ? isStale(columns.v, row) : h.stale;
  }

  /** Passes over samples up to and including time `t`. */
  skipTo(t: number): void {
    const { columns } = this;
    while (this.row < columns.length && columns.t[this.row] <= t) this.row++;
  }

  /** Appends the sample to `out`, bit for bit. */
  take(out: SampleColumns): void {
    appendRow(this.columns, this.row++, out);
  }
}

function medianInterval({ t, length }: SampleColumns): number {
  if (length < 2) return Number.POSITIVE_INFINITY;
  const intervals = new Float64Array(length - 1);
  for (let i = 1; i < length; i++) intervals[i - 1] = t[i] - t[i - 1];
  return intervals.sort()[(length - 1) >> 1];
}

/** Appends row `row` of `from`, bit for bit. */
export function appendRow(from: SampleColumns, row: number, to: SampleColumns): void {
  const h = from.histograms?.[row] ?? null;
  if (h !== null) {
    to.pushHistogram(from.t[row], h);
    return;
  }
  const i = to.length;
  to.reserve(i + 1);
  to.t[i] = from.t[row];
  to.v.set(from.v.subarray(row, row + 1), i);
  to.histograms?.push(null);
  to.length = i + 1;
}
