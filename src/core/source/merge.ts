/**
 * Several sources as one: each series once, with the samples of all. Of two samples at one time one counts, and which
 * one is as it is between two blocks of a directory (tsdb/block).
 */
import { compareStrings } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { type Metadata, sameMetadata } from '../model/metadata.ts';
import { mergeSeriesSets } from '../tsdb/block/index.ts';
import { mergeExemplars } from './merge-exemplars.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from './source.ts';

/** The source itself where there is only one. Closing it closes all. */
export function mergeSources(sources: readonly Source[]): Source {
  return sources.length === 1 ? sources[0] : new MergedSource(sources);
}

class MergedSource implements Source {
  private readonly sources: readonly Source[];

  constructor(sources: readonly Source[]) {
    this.sources = sources;
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const set = mergeSeriesSets(await this.ask((source) => source.select(matchers, hints)));
    const { limit = 0 } = hints;
    if (limit === 0 || set.length <= limit) return set;
    return { length: limit, labels: (i) => set.labels(i), read: (i, out) => set.read(i, out) };
  }

  async labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return union(await this.ask((source) => source.labelNames(matchers, range)));
  }

  async labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return union(await this.ask((source) => source.labelValues(name, matchers, range)));
  }

  async metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    const merged = new Map<string, Metadata[]>();
    for (const own of await this.ask((source) => source.metadata(metric))) {
      for (const [name, entries] of own) {
        const known = merged.get(name) ?? [];
        merged.set(name, [
          ...known,
          ...entries.filter((entry) => !known.some((k) => sameMetadata(k, entry))),
        ]);
      }
    }
    return merged;
  }

  async exemplars(matchers: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]> {
    return mergeExemplars(await this.ask((source) => source.exemplars(matchers, range)));
  }

  async extent(): Promise<TimeRange | undefined> {
    let merged: TimeRange | undefined;
    for (const own of await this.ask((source) => source.extent())) {
      if (own === undefined) continue;
      merged =
        merged === undefined
          ? own
          : { mint: Math.min(merged.mint, own.mint), maxt: Math.max(merged.maxt, own.maxt) };
    }
    return merged;
  }

  async close(): Promise<void> {
    await this.ask((source) => source.close());
  }

  /** Servers answer side by side. */
  private ask<T>(question: (source: Source) => Promise<T>): Promise<T[]> {
    return Promise.all(this.sources.map(question));
  }
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort(compareStrings);
}
