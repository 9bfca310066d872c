/** What a head has most of: the figures of Prometheus' /api/v1/status/tsdb, counted pair by pair. */
import { uvarintSize } from '../../encoding/varint.ts';
import { METRIC_NAME } from '../../model/labels.ts';
import type { Head } from './head.ts';

export interface NamedCount {
  name: string;
  value: number;
}

/** Lists are the largest entries, descending. */
export interface HeadCardinality {
  series: number;
  labelPairs: number;
  chunks: number;
  /** Times of the oldest and newest sample, ms; Infinity and -Infinity where there is none. */
  minTime: number;
  maxTime: number;
  seriesByMetricName: NamedCount[];
  labelValuesByName: NamedCount[];
  /** Bytes of the label's names and values, counted once for each series. */
  bytesByLabelName: NamedCount[];
  /** `name=value`. */
  seriesByLabelPair: NamedCount[];
}

/** Label pairs between two chances for others to work. */
const STEP_PAIRS = 10_000;

/** Counts, with at most `limit` entries a list. */
export function* headCardinality(head: Head, limit: number): Generator<void, HeadCardinality> {
  const { sets, postings } = head.series;
  const { symbols } = sets;
  const metrics = new Largest(limit);
  const values = new Largest(limit);
  const bytes = new Largest(limit);
  const pairs = new Largest(limit);
  const metricName = symbols.findText(METRIC_NAME);
  let labelPairs = 0;
  let seen = 0;
  for (const name of [...sets.nameSymbols()]) {
    const nameBytes = encodedBytes(symbols.byteLength(name));
    let valueCount = 0;
    let byteCount = 0;
    for (const pair of sets.pairsOfName(name)) {
      const count = postings.count(pair);
      if (count === 0) continue;
      valueCount++;
      byteCount += (nameBytes + encodedBytes(symbols.byteLength(sets.values[pair]))) * count;
      if (name === metricName) metrics.add(pair, count);
      pairs.add(pair, count);
      if (++seen % STEP_PAIRS === 0) yield;
    }
    if (valueCount === 0) continue;
    labelPairs += valueCount;
    values.add(name, valueCount);
    bytes.add(name, byteCount);
  }
  const { series, chunkCount, minTime, maxTime } = head;
  return {
    series: series.count,
    labelPairs,
    chunks: chunkCount,
    minTime: Math.min(minTime, head.minLateTime),
    maxTime: Math.max(maxTime, head.maxLateTime),
    seriesByMetricName: metrics.named((pair) => symbols.text(sets.values[pair])),
    labelValuesByName: values.named((name) => symbols.text(name)),
    bytesByLabelName: bytes.named((name) => symbols.text(name)),
    seriesByLabelPair: pairs.named(
      (pair) => `${symbols.text(sets.names[pair])}=${symbols.text(sets.values[pair])}`,
    ),
  };
}

/** What a string takes in memory with its length before it. */
function encodedBytes(length: number): number {
  return length + uvarintSize(length);
}

/** The entries with the highest counts, each by a number: few are kept, of many that are seen. */
class Largest {
  private readonly limit: number;
  private readonly entries: { id: number; count: number }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  add(id: number, count: number): void {
    const { entries, limit } = this;
    if (entries.length === limit && (limit === 0 || entries[limit - 1].count >= count)) return;
    let at = entries.length;
    while (at > 0 && entries[at - 1].count < count) at--;
    entries.splice(at, 0, { id, count });
    if (entries.length > limit) entries.pop();
  }

  named(name: (id: number) => string): NamedCount[] {
    return this.entries.map(({ id, count }) => ({ name: name(id), value: count }));
  }
}
