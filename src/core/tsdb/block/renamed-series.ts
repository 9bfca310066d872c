/**
 * Series under other labels, in the order of these. All of them sorted at once would hold everybody up, and all their
 * labels fill the memory; so runs of them are sorted, and then merged, for which each label set is worked out again.
 */
import type { Labels } from '../../model/index.ts';
import { type MergedSeries, mergedByLabels, type SeriesPart } from './series-set.ts';

/** Series whose labels are in memory and sorted at a time, some milliseconds' work. */
const RUN_SERIES = 2048;
/** Merged between two places where others may work. */
const STEP_SERIES = 512;

/** What is needed of a set: its labels. */
interface LabelledSeries {
  labels(i: number): Labels;
}

interface Renamed extends SeriesPart {
  labels: Labels;
}

export class RenamedSeries {
  private readonly sets: readonly LabelledSeries[];
  private readonly rename: (labels: Labels) => Labels | null;
  private readonly runSeries: number;
  private readonly runs: Run[] = [];
  private pending: Renamed[] = [];
  private count = 0;

  /** `rename` says for the labels of a series which ones it gets; null for those that are not added. */
  constructor(
    sets: readonly LabelledSeries[],
    rename: (labels: Labels) => Labels | null,
    runSeries = RUN_SERIES,
  ) {
    this.sets = sets;
    this.rename = rename;
    this.runSeries = runSeries;
  }

  /** Series that were added. */
  get length(): number {
    return this.count;
  }

  /** Adds series `series` of set `set`, which gets `labels`. The sets come in their order, and so do their series. */
  add(labels: Labels, set: number, series: number): void {
    this.pending.push({ labels, set, series });
    this.count++;
    if (this.pending.length === this.runSeries) this.endRun();
  }

  /** The series by label order, those with the same labels together. To be read once all are added. */
  *merged(): Generator<MergedSeries, void> {
    this.endRun();
    const { runs, sets, rename } = this;
    const sorted = runs.map(({ parts }) => ({
      length: parts.length / 2,
      labels: (i: number) => rename(sets[parts[i * 2]].labels(parts[i * 2 + 1]))!,
    }));
    const found: SeriesPart[] = [];
    for (const { labels, parts } of mergedByLabels(sorted)) {
      found.length = 0;
      for (const { set: run, series: i } of parts) {
        found.push({ set: runs[run].parts[i * 2], series: runs[run].parts[i * 2 + 1] });
      }
      yield { labels, parts: found };
    }
  }

  private endRun(): void {
    const { pending, runs } = this;
    if (pending.length === 0) return;
    // Those of the same labels stay in the order in which they came.
    pending.sort((a, b) => a.labels.compare(b.labels));
    const last = runs.at(-1);
    const end = pending[pending.length - 1].labels;
    const parts = pending.flatMap(({ set, series }) => [set, series]);
    // Where the new labels do not change the order there is one run, and nothing to merge.
    if (last !== undefined && last.end.compare(pending[0].labels) <= 0) {
      for (const part of parts) last.parts.push(part);
      last.end = end;
    } else runs.push({ parts, end });
    this.pending = [];
  }
}

/** How many have the labels of another one that comes before them. In steps of some milliseconds. */
export function* countJoined(renamed: RenamedSeries): Generator<void, number> {
  let joined = 0;
  let seen = 0;
  for (const { parts } of renamed.merged()) {
    joined += parts.length - 1;
    seen += parts.length;
    if (seen < STEP_SERIES) continue;
    seen = 0;
    yield;
  }
  return joined;
}

/** Series in order: of each its set and its number there, one behind the other. */
interface Run {
  readonly parts: number[];
  end: Labels;
}
