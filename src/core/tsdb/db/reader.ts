/**
 * Reads a database that is written to: the Source of source/source.ts, for one query. Each selection sees the blocks
 * and the head as they are at that moment, and they stay readable until the reader is closed.
 */
import type { CorruptionError } from '../../errors.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import { compareStrings, type Labels, METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { Metadata } from '../../model/metadata.ts';
import {
  askingEach,
  type BlockReader,
  mergingReadable,
  type PlacedSet,
  type StoredSeriesSet,
} from '../block/index.ts';
import { runSteps, runStepsWithPauses } from '../compaction/index.ts';
import {
  type Head,
  HeadIndex,
  handOverHead,
  type Lending,
  type SelectionData,
  selectHead,
  selectHeadLabels,
} from '../head/index.ts';
import { selectingLabelNames, selectingLabelValues, selectPostings } from '../index/index.ts';
import type { BlockSet } from './block-set.ts';

/** Both inclusive, ms. */
interface TimeRange {
  mint: number;
  maxt: number;
}

interface SelectHints extends TimeRange {
  limit?: number;
  labelsOnly?: boolean;
  newestOnly?: boolean;
}

export class DatabaseReader {
  private readonly head: Head;
  private readonly blocks: BlockSet;
  private readonly onDamage: (error: CorruptionError) => void;
  private readonly acquired: BlockReader[] = [];
  /** Memory of selections. */
  private readonly lent: SharedArrayBuffer[] = [];
  private closed = false;

  /** `onDamage` is told of damaged chunks and blocks, without which the others are read. */
  constructor(head: Head, blocks: BlockSet, onDamage: (error: CorruptionError) => void) {
    this.head = head;
    this.blocks = blocks;
    this.onDamage = onDamage;
    head.store.hold();
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<StoredSeriesSet> {
    const { mint, maxt, labelsOnly = false, newestOnly = false, limit = 0 } = hints;
    const selections: PlacedSet[] = await this.ofBlocks(hints, function* (block) {
      yield;
      return { dir: block.dir, set: block.select(matchers, mint, maxt) };
    });
    if (this.headReaches(hints)) {
      const steps = labelsOnly
        ? selectHeadLabels(this.head, matchers, mint, maxt)
        : selectHead(this.head, matchers, mint, maxt, newestOnly);
      const set = await this.borrowed(steps);
      selections.push({ dir: this.head.dir, set });
    }
    const all = await runStepsWithPauses(mergingReadable(selections, this.onDamage));
    if (limit === 0 || all.length <= limit) return all;
    return { length: limit, labels: (i) => all.labels(i), read: (i, out) => all.read(i, out) };
  }

  /**
   * What a selection is made of, for a thread that reads for itself: blocks, which it opens by their folders, and the head's
   * series. Both stay readable until this reader is closed.
   */
  async handOver(
    matchers: readonly Matcher[],
    range: Omit<SelectHints, 'limit' | 'labelsOnly'>,
  ): Promise<{ blocks: BlockReader[]; head?: SelectionData }> {
    const blocks = this.blocksIn(range);
    if (!this.headReaches(range)) return { blocks };
    const { mint, maxt, newestOnly } = range;
    return { blocks, head: await this.borrowed(handOverHead(this.head, matchers, mint, maxt, newestOnly)) };
  }

  async labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const names = await this.ofBlocks(range, (block) => block.labelNames(matchers));
    if (this.headReaches(range)) {
      // At a stretch: rows are given out again.
      names.push(runSteps(selectingLabelNames(new HeadIndex(this.head.series), matchers)));
    }
    return union(names);
  }

  async labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const values = await this.ofBlocks(range, (block) => block.labelValues(name, matchers));
    if (this.headReaches(range)) {
      values.push(runSteps(selectingLabelValues(new HeadIndex(this.head.series), name, matchers)));
    }
    return union(values);
  }

  /** By metric name, of `metric` alone where it is given; several entries where series disagree. */
  async metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    const { series, metadata } = this.head;
    const { sets } = series;
    const name = sets.symbols.findText(METRIC_NAME);
    const rows =
      metric === undefined ? series.all() : new HeadIndex(series).postings(METRIC_NAME, metric).slice();
    const seen = new Set<string>();
    const out = new Map<string, Metadata[]>();
    for (const row of rows) {
      const number = metadata.numberOf(row);
      const value = number === 0 ? -1 : sets.valueOf(series.labelsOf(row), name);
      if (value < 0) continue;
      const key = `${value} ${number}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const text = sets.symbols.text(value);
      const entries = out.get(text);
      if (entries === undefined) out.set(text, [metadata.of(row)!]);
      else entries.push(metadata.of(row)!);
    }
    return out;
  }

  /** Of the series that satisfy one of the lists of matchers, sorted by labels. */
  async exemplars(
    matchers: readonly (readonly Matcher[])[],
    { mint, maxt }: TimeRange,
  ): Promise<{ labels: Labels; exemplars: Exemplar[] }[]> {
    const { series, exemplars } = this.head;
    const index = new HeadIndex(series);
    const wanted = new Set<number>();
    for (const list of matchers) for (const row of selectPostings(index, list)) wanted.add(row);
    const out: { labels: Labels; exemplars: Exemplar[] }[] = [];
    for (const row of exemplars.series()) {
      const found = wanted.has(row) ? exemplars.of(row, mint, maxt) : [];
      if (found.length > 0) out.push({ labels: series.sets.labels(series.labelsOf(row)), exemplars: found });
    }
    return out.sort((a, b) => a.labels.compare(b.labels));
  }

  /** Times of the oldest and newest sample; undefined where there is none. */
  async extent(): Promise<TimeRange | undefined> {
    const { head } = this;
    let mint = Math.min(head.minTime, head.minLateTime);
    let maxt = Math.max(head.maxTime, head.maxLateTime);
    for (const { minTime, maxTime } of this.blocks.metas) {
      mint = Math.min(mint, minTime);
      maxt = Math.max(maxt, maxTime - 1);
    }
    return mint > maxt ? undefined : { mint, maxt };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.head.store.release();
    this.head.buffers.giveBack(this.lent);
    this.blocks.release(this.acquired);
  }

  /** Does what takes long, and has the memory given back that this needs. */
  private async borrowed<T>(steps: Generator<void, Lending<T>>): Promise<T> {
    const { of, lent } = await runStepsWithPauses(steps);
    // Whoever has closed the reader meanwhile wants nothing of it; the garbage collector does the rest.
    if (!this.closed) this.lent.push(...lent);
    return of;
  }

  private blocksIn({ mint, maxt }: TimeRange): BlockReader[] {
    if (this.closed) throw new Error('a reader that was closed');
    const found = this.blocks.acquire(mint, maxt);
    this.acquired.push(...found);
    return found;
  }

  /** What `ask` says of each block in the range; those that are too damaged to say are left out. */
  private ofBlocks<T>(range: TimeRange, ask: (block: BlockReader) => Generator<void, T>): Promise<T[]> {
    return runStepsWithPauses(askingEach(this.blocksIn(range), ask, this.onDamage));
  }

  private headReaches({ mint, maxt }: TimeRange): boolean {
    const { head } = this;
    return (
      (head.minTime <= maxt && head.maxTime >= mint) || (head.minLateTime <= maxt && head.maxLateTime >= mint)
    );
  }
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort(compareStrings);
}
