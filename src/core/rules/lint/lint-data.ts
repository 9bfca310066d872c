/** The data that rules are looked at against: what is asked of it more than once is asked once. */
import { InputError } from '../../errors.ts';
import { SampleColumns } from '../../model/columns.ts';
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { Metadata } from '../../model/metadata.ts';
import {
  type EngineOptions,
  parsedInstantQuery,
  type QueryResult,
  type ResultSeries,
} from '../../promql/index.ts';
import { type Expr, printExpr } from '../../promql/parser/index.ts';
import type { Source, TimeRange } from '../../source/source.ts';

/** Of a selection so many series are read to learn how far apart samples are. */
const READ_SERIES = 5;

export class LintData {
  readonly source: Source;
  readonly range: TimeRange;
  readonly engine: EngineOptions;
  private names: Promise<string[]> | undefined = undefined;
  private allMetadata: Promise<Map<string, Metadata[]>> | undefined = undefined;
  private readonly selections = new Map<string, Promise<Labels[]>>();

  constructor(source: Source, range: TimeRange, engine: EngineOptions) {
    this.source = source;
    this.range = range;
    this.engine = engine;
  }

  metricNames(): Promise<string[]> {
    this.names ??= this.source.labelValues(METRIC_NAME, [], this.range);
    return this.names;
  }

  labelValues(name: string, matchers: readonly Matcher[]): Promise<string[]> {
    return this.source.labelValues(name, matchers, this.range);
  }

  /** The label sets of a selection, over all the range. */
  series(matchers: readonly Matcher[]): Promise<Labels[]> {
    const key = matchers.join();
    let found = this.selections.get(key);
    if (found === undefined) {
      found = this.select(matchers);
      this.selections.set(key, found);
    }
    return found;
  }

  async hasSeries(matchers: readonly Matcher[]): Promise<boolean> {
    return (await this.series(matchers)).length > 0;
  }

  /** What is known of a metric, by its own name or that of its family. */
  async metadata(metric: string): Promise<Metadata[]> {
    this.allMetadata ??= this.source.metadata();
    const all = await this.allMetadata;
    return all.get(metric) ?? all.get(metric.replace(/_(?:total|bucket|sum|count)$/, '')) ?? [];
  }

  /** Times spread over the range, `count` at most, the end always among them. */
  times(count: number): number[] {
    const { mint, maxt } = this.range;
    const step = Math.max(1, Math.floor((maxt - mint) / count));
    const times: number[] = [];
    for (let t = maxt; t > mint && times.length < count; t -= step) times.push(t);
    return times.length === 0 ? [maxt] : times.reverse();
  }

  /** The value of an expression at `t` (ms), or the error that it has instead. */
  async evaluate(expr: Expr, t: number): Promise<QueryResult | InputError> {
    try {
      return await parsedInstantQuery(this.source, printExpr(expr), expr, t, this.engine);
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
  }

  /** The label sets of a vector; none where there is an error or another type of value. */
  async vector(expr: Expr, t: number): Promise<readonly ResultSeries[]> {
    const result = await this.evaluate(expr, t);
    return result instanceof InputError || result.value.type !== 'vector' ? [] : result.value.series;
  }

  /** How far apart the samples of a selection usually are (ms); undefined where there are too few to tell. */
  async sampleInterval(matchers: readonly Matcher[]): Promise<number | undefined> {
    const set = await this.source.select(matchers, { ...this.range, limit: READ_SERIES });
    const gaps: number[] = [];
    const columns = new SampleColumns();
    for (let i = 0; i < Math.min(set.length, READ_SERIES); i++) {
      columns.clear();
      set.read(i, columns);
      for (let row = 1; row < columns.length; row++) gaps.push(columns.t[row] - columns.t[row - 1]);
    }
    if (gaps.length < 3) return undefined;
    gaps.sort((a, b) => a - b);
    return gaps[Math.floor(gaps.length / 2)];
  }

  private async select(matchers: readonly Matcher[]): Promise<Labels[]> {
    const set = await this.source.select(matchers, { ...this.range, labelsOnly: true });
    return Array.from({ length: set.length }, (_, i) => set.labels(i));
  }
}
