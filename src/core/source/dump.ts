/** Writes the raw samples of a source, one series after another, in an exposition format. */
import type { Family } from '../exposition/series-table.ts';
import { type ExpositionWriter, type RowExtras, WRITE_PIECE } from '../exposition/writer.ts';
import { SampleColumns } from '../model/columns.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Metadata } from '../model/metadata.ts';
import { mergeSeriesSets } from '../tsdb/block/index.ts';
import { familyName } from './metadata-families.ts';
import type { SeriesSet, Source, TimeRange } from './source.ts';

export interface DumpOptions extends TimeRange {
  /** Series that satisfy any of these lists; none given means all. */
  selectors: readonly (readonly Matcher[])[];
  /** Called before each series; what it returns is waited for, so that others may work. May throw. */
  progress?: (seriesDone: number, seriesTotal: number) => Promise<void> | undefined;
}

/** How much was written. */
export interface Dumped {
  series: number;
  samples: number;
}

/**
 * Writes to `writer`, and hands what it has on to `flush` in pieces. Series are sorted by labels, each once. In memory
 * are the samples of one series, all exemplars, and what the source itself holds.
 */
export async function dumpSource(
  source: Source,
  writer: ExpositionWriter,
  options: DumpOptions,
  flush: (piece: Uint8Array) => void,
): Promise<Dumped> {
  const { mint, maxt } = options;
  const selectors = options.selectors.length === 0 ? [[]] : options.selectors;
  const sets: SeriesSet[] = [];
  for (const matchers of selectors) sets.push(await source.select(matchers, { mint, maxt }));
  const set = mergeSeriesSets(sets);
  const families = new FamilyFinder(await source.metadata());
  const exemplars = new Map<string, Exemplar[]>();
  for (const series of await source.exemplars(selectors, options)) {
    exemplars.set(series.labels.toString(), series.exemplars);
  }

  const columns = new SampleColumns();
  const dumped: Dumped = { series: 0, samples: 0 };
  for (let i = 0; i < set.length; i++) {
    const pause = options.progress?.(i, set.length);
    if (pause !== undefined) await pause;
    columns.clear();
    set.read(i, columns);
    const labels = set.labels(i);
    const own = exemplars.size === 0 ? undefined : exemplars.get(labels.toString());
    writer.family(families.of(labels));
    const written = writeSeries(writer, labels, columns, options, own ?? [], flush);
    dumped.samples += written;
    if (written > 0) dumped.series++;
  }
  writer.end();
  flush(writer.take());
  return dumped;
}

function writeSeries(
  writer: ExpositionWriter,
  labels: Labels,
  columns: SampleColumns,
  { mint, maxt }: TimeRange,
  exemplars: readonly Exemplar[],
  flush: (piece: Uint8Array) => void,
): number {
  const { t, v, histograms, st, length } = columns;
  let written = 0;
  let next = 0;
  for (let row = 0; row < length; row++) {
    if (t[row] < mint || t[row] > maxt) continue;
    let extras: RowExtras | undefined;
    if (st !== null && st[row] !== 0) extras = { st: st[row], exemplars: [] };
    if (next < exemplars.length) {
      // An exemplar goes with the first sample that is not older, in whose scrape it was seen.
      const first = next;
      const last = row + 1 === length || t[row + 1] > maxt;
      while (next < exemplars.length && (last || exemplars[next].t! <= t[row])) next++;
      if (next > first) extras = { st: extras?.st ?? 0, exemplars: exemplars.slice(first, next) };
    }
    const h = histograms?.[row];
    if (h) writer.histogram(labels, t[row], h, extras);
    else writer.sample(labels, t[row], v, row, extras);
    written++;
    if (writer.buffered >= WRITE_PIECE) flush(writer.take());
  }
  return written;
}

/** The family of a series, by its name and what is known of that. */
class FamilyFinder {
  private readonly metadata: ReadonlyMap<string, readonly Metadata[]>;
  /** By family name, so that all its series have the same object. */
  private readonly families = new Map<string, Family>();

  constructor(metadata: ReadonlyMap<string, readonly Metadata[]>) {
    this.metadata = metadata;
  }

  of(labels: Labels): Family | null {
    const sample = labels.get(METRIC_NAME);
    // Of a metric that is described in several ways, the first counts.
    const known = this.metadata.get(sample)?.[0];
    if (known === undefined) return null;
    const name = familyName(sample, known);
    const family = this.families.get(name);
    if (family !== undefined && family.type === known.type) return family;
    const made = { name, ...known };
    this.families.set(name, made);
    return made;
  }
}
