/**
 * All series of some metrics over a stretch of time, read at once and kept decoded: what hundreds of rules select is
 * then found in memory, and a log is passed over once and not for each of them.
 */
import { SampleColumns } from '../model/columns.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { Matcher } from '../model/matcher.ts';
import { copyRows, type SampleRows } from '../source/memory.ts';
import type { SelectHints, SeriesSet, Source } from '../source/source.ts';

interface Kept {
  labels: Labels;
  rows: SampleRows;
}

/**
 * Reads the metrics from `mint` to `maxt` (ms, inclusive); undefined where they have more than `mostSamples`, or
 * samples that have more to them than time and value.
 */
export async function prefetch(
  source: Source,
  names: readonly string[],
  mint: number,
  maxt: number,
  mostSamples: number,
): Promise<Prefetched | undefined> {
  const pattern = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  const set = await source.select([new Matcher('=~', METRIC_NAME, pattern)], { mint, maxt });
  const columns = new SampleColumns();
  const all: Kept[] = [];
  let samples = 0;
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    samples += columns.length;
    if (samples > mostSamples || columns.st !== null) return undefined;
    all.push({ labels: set.labels(i), rows: rowsOf(columns) });
  }
  return new Prefetched(names, all, mint, maxt);
}

export class Prefetched {
  private readonly mint: number;
  private readonly maxt: number;
  /** Sorted by labels, as all lists here. */
  private readonly byName = new Map<string, Kept[]>();
  /** By metric and label name: the series of each value. */
  private readonly byLabel = new Map<string, Map<string, Kept[]>>();

  constructor(names: readonly string[], all: readonly Kept[], mint: number, maxt: number) {
    this.mint = mint;
    this.maxt = maxt;
    for (const name of names) this.byName.set(name, []);
    for (const kept of all) this.byName.get(kept.labels.get(METRIC_NAME))!.push(kept);
  }

  /** Undefined where more is asked for than is here. */
  select(matchers: readonly Matcher[], { mint, maxt, limit = 0 }: SelectHints): SeriesSet | undefined {
    const name = matchers.find((matcher) => matcher.type === '=' && matcher.name === METRIC_NAME)?.value;
    if (name === undefined || mint < this.mint || maxt > this.maxt || limit > 0) return undefined;
    let found = this.byName.get(name);
    if (found === undefined) return undefined;
    const equal = matchers.find(
      ({ type, name: label, value }) => type === '=' && label !== METRIC_NAME && value !== '',
    );
    if (equal !== undefined) found = this.valuesOf(name, equal.name).get(equal.value) ?? [];
    return new PrefetchedSet(
      found.filter(
        ({ labels, rows }) =>
          rows.length > 0 &&
          rows.t[0] <= maxt &&
          rows.t[rows.length - 1] >= mint &&
          matchers.every((matcher) => matcher.matches(labels.get(matcher.name))),
      ),
      mint,
      maxt,
    );
  }

  private valuesOf(name: string, label: string): Map<string, Kept[]> {
    const key = `${name}\0${label}`;
    let values = this.byLabel.get(key);
    if (values !== undefined) return values;
    this.byLabel.set(key, (values = new Map()));
    for (const kept of this.byName.get(name)!) {
      const value = kept.labels.get(label);
      const known = values.get(value);
      if (known === undefined) values.set(value, [kept]);
      else known.push(kept);
    }
    return values;
  }
}

class PrefetchedSet implements SeriesSet {
  private readonly found: readonly Kept[];
  private readonly mint: number;
  private readonly maxt: number;

  constructor(found: readonly Kept[], mint: number, maxt: number) {
    this.found = found;
    this.mint = mint;
    this.maxt = maxt;
  }

  get length(): number {
    return this.found.length;
  }

  labels(i: number): Labels {
    return this.found[i].labels;
  }

  read(i: number, out: SampleColumns): void {
    const { rows } = this.found[i];
    copyRows(rows, firstFrom(rows, this.mint), firstFrom(rows, this.maxt + 1), out);
  }
}

function firstFrom({ t, length }: SampleRows, time: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (t[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rowsOf({ t, v, histograms, length }: SampleColumns): SampleRows {
  return {
    length,
    t: t.slice(0, length),
    v: v.slice(0, length),
    histograms: histograms === null ? null : histograms.slice(0, length),
  };
}
