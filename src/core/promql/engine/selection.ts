/** What a selector selects: its series, and their samples one series at a time, in columns that are used again. */
import type { SampleColumns } from '../../model/columns.ts';
import type { SelectHints, SeriesSet } from '../../source/source.ts';
import type { VectorSelector } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { SeriesMeta } from './operator.ts';
import { resolveHints } from './reset-hints.ts';

export class Selection {
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly selector: VectorSelector;
  private readonly definiteHints: boolean;
  private readonly columns: SampleColumns;
  private set: SeriesSet | null = null;

  /** `definiteHints`: see plan/histogram-stats.ts. */
  constructor(context: QueryContext, selector: VectorSelector, definiteHints: boolean) {
    this.context = context;
    this.selector = selector;
    this.definiteHints = definiteHints;
    this.columns = context.sampleColumns();
  }

  async prepare(hints: SelectHints): Promise<void> {
    const set = await this.context.select(this.selector.matchers, hints);
    const series: SeriesMeta[] = new Array(set.length);
    for (let i = 0; i < set.length; i++) series[i] = { labels: set.labels(i), dropName: false };
    this.set = set;
    this.series = series;
  }

  /** All samples of a series; the caller may change them, and the next call does. */
  read(i: number): SampleColumns {
    const { columns, context } = this;
    context.checkpoint();
    columns.clear();
    this.set!.read(i, columns);
    context.samplesRead += columns.length;
    if (this.definiteHints) resolveHints(columns);
    return columns;
  }
}
