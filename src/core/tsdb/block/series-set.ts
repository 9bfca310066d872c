/** What blocks and the head give for a selection, and several of them as one. */
import type { Labels, SampleColumns } from '../../model/index.ts';
import { mergeRuns } from './sample-runs.ts';
import { runSteps } from './steps.ts';

/** Series sorted by labels; the shape of `SeriesSet` in source/source.ts, which storage does not import. */
export interface StoredSeriesSet {
  readonly length: number;
  labels(i: number): Labels;
  /** Appends the samples of series `i` to `out`, in time order. */
  read(i: number, out: SampleColumns): void;
}

export const NO_SERIES: StoredSeriesSet = {
  length: 0,
  labels: () => {
    throw new RangeError('an empty selection has no series');
  },
  read: () => {},
};

/**
 * The series of several sets, each once, with the samples of all; sample-runs.ts says which of two samples at one
 * time. The sets are best given oldest first.
 */
export function mergeSeriesSets(sets: readonly StoredSeriesSet[]): StoredSeriesSet {
  return runSteps(mergingSeriesSets(sets));
}

/** The same in steps, between which others may work: where there are many series it takes long. */
export function* mergingSeriesSets(sets: readonly StoredSeriesSet[]): Generator<void, StoredSeriesSet> {
  const filled = sets.filter((set) => set.length > 0);
  if (filled.length === 0) return NO_SERIES;
  if (filled.length === 1) return filled[0];
  const merged = new MergedSeriesSet(filled);
  for (const series of mergedByLabels(filled)) {
    merged.add(series);
    if (merged.length % STEP_SERIES === 0) yield;
  }
  return merged;
}

/** Merged between two chances for others to work. */
const STEP_SERIES = 500;

class MergedSeriesSet implements StoredSeriesSet {
  private readonly sets: readonly StoredSeriesSet[];
  /** Labels of each merged series. */
  private readonly merged: Labels[] = [];
  /** Where the parts of series `i` start in `partSet` and `partSeries`; they end where those of the next start. */
  private readonly firstPart: number[] = [0];
  private readonly partSet: number[] = [];
  private readonly partSeries: number[] = [];

  constructor(sets: readonly StoredSeriesSet[]) {
    this.sets = sets;
  }

  /** The next one, by labels. */
  add({ labels, parts }: MergedSeries): void {
    this.merged.push(labels);
    for (const part of parts) {
      this.partSet.push(part.set);
      this.partSeries.push(part.series);
    }
    this.firstPart.push(this.partSet.length);
  }

  get length(): number {
    return this.merged.length;
  }

  labels(i: number): Labels {
    return this.merged[i];
  }

  read(i: number, out: SampleColumns): void {
    const from = out.length;
    for (let part = this.firstPart[i]; part < this.firstPart[i + 1]; part++) {
      const middle = out.length;
      this.sets[this.partSet[part]].read(this.partSeries[part], out);
      mergeRuns(out, from, middle);
    }
  }
}

/** Series `series` of set `set`. */
export interface SeriesPart {
  set: number;
  series: number;
}

/** Anything that has series in the order of their labels. */
interface SortedSeries {
  readonly length: number;
  labels(i: number): Labels;
}

/** The series with the same labels, in the order of the sets. The list is reused. */
export interface MergedSeries {
  labels: Labels;
  parts: readonly SeriesPart[];
}

/** The series of all sets in label order. Holds one label set of each set at a time. */
export function* mergedByLabels(sets: readonly SortedSeries[]): Generator<MergedSeries, void> {
  const next = sets.map(() => 0);
  const heads = sets.map((set) => (set.length > 0 ? set.labels(0) : null));
  // A heap of set numbers, the one with the least labels (and of those the first) on top.
  const heap: number[] = [];
  const before = (a: number, b: number): boolean => {
    const order = heads[a]!.compare(heads[b]!);
    return order < 0 || (order === 0 && a < b);
  };
  const sink = (at: number): void => {
    let i = at;
    for (;;) {
      let least = i;
      for (let child = 2 * i + 1; child <= 2 * i + 2; child++) {
        if (child < heap.length && before(heap[child], heap[least])) least = child;
      }
      if (least === i) return;
      const moved = heap[i];
      heap[i] = heap[least];
      heap[least] = moved;
      i = least;
    }
  };
  for (let set = 0; set < sets.length; set++) if (heads[set] !== null) heap.push(set);
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(i);

  const parts: SeriesPart[] = [];
  while (heap.length > 0) {
    const labels = heads[heap[0]]!;
    parts.length = 0;
    while (heap.length > 0 && heads[heap[0]]!.equals(labels)) {
      const set = heap[0];
      parts.push({ set, series: next[set]++ });
      if (next[set] < sets[set].length) {
        heads[set] = sets[set].labels(next[set]);
      } else {
        heads[set] = null;
        const last = heap.pop()!;
        if (heap.length > 0) heap[0] = last;
      }
      if (heap.length > 0) sink(0);
    }
    yield { labels, parts };
  }
}
