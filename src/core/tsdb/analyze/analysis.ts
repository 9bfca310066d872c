/** What an analysis found, and the lists that are made of it. */
import { compareStrings, METRIC_NAME } from '../../model/index.ts';
import type { LabelTally, PairMeasure } from './label-tally.ts';

/** One entry of a list. */
export interface Ranked {
  name: string;
  count: number;
}

/** Totals of a block; what cannot be known of a selection by labels alone is left out. */
export interface Totals {
  /** First and last millisecond, both inclusive. */
  mint: number;
  maxt: number;
  /** Series that were looked at: all, or those that were matched. */
  series: number;
  /** Names, distinct pairs, and pairs of all series. */
  labelNames: number;
  labelPairs: number;
  labelPairEntries: number;
  /** Series of the block, matched or not. */
  allSeries?: number;
  /** The block's length as it says itself, ms. */
  durationMs?: number;
  chunks?: number;
  samples?: number;
  /** Of the series that were looked at. */
  chunkBytes?: number;
  /** Of the whole block. */
  indexBytes?: number;
}

/** A label name, over all series that have it. */
interface NameCounts {
  name: string;
  values: number;
  valueBytes: number;
  uncoveredMs: number;
}

export class Analysis {
  readonly totals: Totals;
  /** What was analysed: a block's ULID, or a description. */
  readonly subject: string;
  private readonly tally: LabelTally;
  private readonly text: (symbol: number) => string;
  private readonly names: NameCounts[];
  /** Gives back what `text` needs; no list can be made afterwards. */
  readonly close: () => void;

  /** `text` says what a symbol of the tally stands for, and `valueBytes` how many bytes of UTF-8 that is. */
  constructor(
    subject: string,
    totals: Omit<Totals, 'series' | 'labelNames' | 'labelPairs' | 'labelPairEntries'>,
    tally: LabelTally,
    text: (symbol: number) => string,
    valueBytes: (symbol: number) => number,
    close: () => void = () => {},
  ) {
    this.close = close;
    this.subject = subject;
    this.tally = tally;
    this.text = text;
    this.names = nameCounts(tally, text, valueBytes);
    this.totals = {
      ...totals,
      series: tally.seriesCount,
      labelNames: this.names.length,
      labelPairs: tally.size,
      labelPairEntries: tally.entryCount,
    };
  }

  /** Label pairs with the most of something; `limit` 0 is all. */
  topPairs(measure: PairMeasure, limit: number): Ranked[] {
    const { tally, text } = this;
    const counts = tally[measure].subarray(0, tally.size);
    return topOf(counts, limit, (pair) => `${text(tally.names[pair])}=${text(tally.values[pair])}`);
  }

  /** Values of one label, by default metric names, with the most of something. */
  topValues(measure: PairMeasure, limit: number, label: string = METRIC_NAME): Ranked[] {
    const { tally, text } = this;
    const name = this.symbolOf(label);
    const pairs: number[] = [];
    for (let pair = 0; pair < tally.size; pair++) if (tally.names[pair] === name) pairs.push(pair);
    const counts = Float64Array.from(pairs, (pair) => tally[measure][pair]);
    return topOf(counts, limit, (i) => text(tally.values[pairs[i]]));
  }

  /** Label names with the most values, the most bytes of values, or the most time without samples. */
  topNames(measure: 'values' | 'valueBytes' | 'uncoveredMs', limit: number): Ranked[] {
    const counts = Float64Array.from(this.names, (name) => name[measure]);
    return topOf(counts, limit, (i) => this.names[i].name);
  }

  private symbolOf(label: string): number {
    const { tally, text } = this;
    const seen = new Set<number>();
    for (let pair = 0; pair < tally.size; pair++) {
      const symbol = tally.names[pair];
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      if (text(symbol) === label) return symbol;
    }
    return -1;
  }
}

function nameCounts(
  tally: LabelTally,
  text: (symbol: number) => string,
  valueBytes: (symbol: number) => number,
): NameCounts[] {
  const bySymbol = new Map<number, NameCounts>();
  for (let pair = 0; pair < tally.size; pair++) {
    const symbol = tally.names[pair];
    let counts = bySymbol.get(symbol);
    if (counts === undefined) {
      bySymbol.set(symbol, (counts = { name: text(symbol), values: 0, valueBytes: 0, uncoveredMs: 0 }));
    }
    counts.values++;
    counts.valueBytes += valueBytes(tally.values[pair]);
    counts.uncoveredMs += tally.uncoveredMs[pair];
  }
  return [...bySymbol.values()];
}

/** The entries with the highest counts, from the highest down, then by name. */
function topOf(counts: Float64Array | Uint32Array, limit: number, nameOf: (i: number) => string): Ranked[] {
  const ranked = highest(counts, limit === 0 ? counts.length : limit).map((i) => ({
    name: nameOf(i),
    count: counts[i],
  }));
  return ranked.sort((a, b) => b.count - a.count || compareStrings(a.name, b.name));
}

/** Indexes of the `limit` highest counts, in any order; of equal ones the first. */
function highest(counts: Float64Array | Uint32Array, limit: number): number[] {
  if (limit >= counts.length) return Array.from(counts, (_, i) => i);
  // A heap of the highest so far, the lowest of them on top.
  const heap: number[] = [];
  const lower = (a: number, b: number) => counts[a] < counts[b] || (counts[a] === counts[b] && a > b);
  const sink = (): void => {
    for (let i = 0; ; ) {
      let least = i;
      for (let child = 2 * i + 1; child <= 2 * i + 2 && child < heap.length; child++) {
        if (lower(heap[child], heap[least])) least = child;
      }
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least], heap[i]];
      i = least;
    }
  };
  for (let i = 0; i < counts.length; i++) {
    if (heap.length < limit) {
      heap.push(i);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!lower(heap[at], heap[parent])) break;
        [heap[at], heap[parent]] = [heap[parent], heap[at]];
        at = parent;
      }
    } else if (counts[i] > counts[heap[0]]) {
      heap[0] = i;
      sink();
    }
  }
  return heap;
}
