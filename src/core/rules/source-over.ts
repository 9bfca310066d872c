/** A source that answers as another one does, for those who change one of its answers. */
import type { Matcher } from '../model/matcher.ts';
import type { Metadata } from '../model/metadata.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from '../source/source.ts';

export abstract class SourceOver implements Source {
  protected readonly base: Source;

  constructor(base: Source) {
    this.base = base;
  }

  abstract select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet>;

  labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return this.base.labelNames(matchers, range);
  }

  labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return this.base.labelValues(name, matchers, range);
  }

  metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    return this.base.metadata(metric);
  }

  exemplars(matchers: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]> {
    return this.base.exemplars(matchers, range);
  }

  extent(): Promise<TimeRange | undefined> {
    return this.base.extent();
  }

  close(): Promise<void> {
    return this.base.close();
  }
}
