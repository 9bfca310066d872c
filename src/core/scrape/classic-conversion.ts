/**
 * `convert_classic_histograms_to_nhcb`: the rows of a classic histogram become one row with a native histogram that has
 * the same buckets. Works on rows as they are exposed, before relabelling.
 */
import { InputError } from '../errors.ts';
import type { Batch } from '../exposition/batch.ts';
import type { SeriesTable } from '../exposition/series-table.ts';
import { ClassicHistogram, type ClassicPart, classicPartOf } from '../model/classic-histogram.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { parseGoFloat } from '../model/number.ts';
import { LEFT_OUT } from './compact.ts';

/** One histogram, while its parts come. */
class Group {
  /** Number of the series without `le` and suffix. */
  readonly series: number;
  histogram: ClassicHistogram | undefined;
  /** Its parts contradict each other. */
  broken = false;
  t = Number.NaN;
  /** When it began, 0 where it does not say. */
  st = 0;
  readonly exemplars: Exemplar[] = [];

  constructor(series: number) {
    this.series = series;
  }

  add(part: ClassicPart, bound: number, v: number): void {
    this.histogram ??= new ClassicHistogram();
    try {
      if (part === 'bucket') this.histogram.setBucket(bound, v);
      else if (part === 'count') this.histogram.setCount(v);
      else this.histogram.setSum(v);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.broken = true;
    }
  }

  clear(): void {
    this.histogram = undefined;
    this.broken = false;
    this.exemplars.length = 0;
  }
}

/** What a series is of a histogram; null where it is none of one. */
type Role = { group: Group; part: ClassicPart; bound: number } | null;

export class ClassicConversion {
  private readonly table: SeriesTable;
  /** The classic rows are stored, too. */
  private readonly keepClassic: boolean;
  /** By number of the series. */
  private readonly roles: (Role | undefined)[] = [];
  private readonly groups = new Map<number, Group>();
  private active: Group[] = [];
  private evictions: number;

  constructor(table: SeriesTable, keepClassic: boolean) {
    this.table = table;
    this.keepClassic = keepClassic;
    this.evictions = table.evictions;
  }

  /** Before the first rows of a scrape. */
  begin(): void {
    for (const group of this.active) group.clear();
    this.active = [];
    if (this.evictions === this.table.evictions) return;
    this.evictions = this.table.evictions;
    this.roles.length = 0;
    this.groups.clear();
  }

  /** Takes in the rows from `from` on; marks as LEFT_OUT those that are not stored as they are. */
  collect(batch: Batch, from: number): void {
    this.collectExemplars(batch, from);
    for (let row = from; row < batch.length; row++) {
      const role = batch.histograms.has(row) ? null : this.roleOf(batch.series[row]);
      if (role === null) continue;
      const { group, part, bound } = role;
      if (group.histogram === undefined) this.active.push(group);
      group.add(part, bound, batch.v[row]);
      group.t = batch.t[row];
      group.st = batch.st === null ? 0 : batch.st[row];
      if (!this.keepClassic) batch.series[row] = LEFT_OUT;
    }
  }

  /** The scrape is complete: adds a row for each histogram. One that is native already is left alone. */
  finish(batch: Batch): void {
    const native = new Set<number>();
    for (const row of batch.histograms.keys()) native.add(batch.series[row]);
    for (const group of this.active) {
      const { series, broken, histogram, t, st } = group;
      this.table.seen[series] = this.table.generation;
      if (broken || native.has(series)) continue;
      try {
        const converted = histogram!.toNative();
        const row = batch.push(series, t, 0);
        batch.histograms.set(row, converted);
        if (st !== 0) batch.setStart(row, st);
        for (const exemplar of group.exemplars) batch.exemplars.push({ row, exemplar });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }
  }

  private collectExemplars(batch: Batch, from: number): void {
    for (let i = batch.exemplars.length - 1; i >= 0 && batch.exemplars[i].row >= from; i--) {
      const { row, exemplar } = batch.exemplars[i];
      if (!batch.histograms.has(row)) this.roleOf(batch.series[row])?.group.exemplars.unshift(exemplar);
    }
  }

  private roleOf(series: number): Role {
    const known = this.roles[series];
    if (known !== undefined) return known;
    const role = this.findRole(series);
    this.roles[series] = role;
    return role;
  }

  private findRole(series: number): Role {
    const { table } = this;
    const labels = table.labels[series];
    const family = table.familyOf[series];
    const named = classicPartOf(labels.get(METRIC_NAME));
    if (named === undefined || family < 0 || table.families[family].type !== 'histogram') return null;
    if (table.families[family].name !== named.base) return null;
    const bound = named.part === 'bucket' ? parseGoFloat(labels.get('le')) : 0;
    if (bound === undefined || Number.isNaN(bound)) return null;
    const base = table.intern(labels.without('le').with(METRIC_NAME, named.base), family);
    let group = this.groups.get(base);
    if (group === undefined) this.groups.set(base, (group = new Group(base)));
    return { group, part: named.part, bound };
  }
}
