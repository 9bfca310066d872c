/**
 * Turns the `_created` samples of counters, histograms and summaries into start timestamps of the other samples of
 * their metric, for those who want them so; Prometheus takes them as ordinary series by default.
 *
 * A `_created` sample stands with its metric, mostly behind the samples that it is about: rows are kept back until
 * their family is over.
 */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import { Batch } from './batch.ts';
import { millisOf } from './openmetrics-parser.ts';
import type { ExpositionParser } from './parser.ts';
import type { Family, SeriesTable } from './series-table.ts';

const WITH_START: ReadonlySet<MetricType> = new Set<MetricType>(['counter', 'histogram', 'summary']);

/** What a series is in this matter, as long as its labels and family are these. */
interface Role {
  labels: Labels;
  family: Family | undefined;
  /** The metric it belongs to; '' where it can have no start. */
  metric: string;
  isStart: boolean;
}

export class StartTimes implements ExpositionParser {
  private readonly inner: ExpositionParser;
  private readonly table: SeriesTable;
  /** Rows of a family that may not be over. */
  private kept = new Batch();
  private spare = new Batch();
  private readonly roles: Role[] = [];
  private readonly starts = new Map<string, number>();

  /** `inner` fills `table`. */
  constructor(inner: ExpositionParser, table: SeriesTable) {
    this.inner = inner;
    this.table = table;
  }

  write(bytes: Uint8Array, batch: Batch): void {
    let faulty = true;
    try {
      this.inner.write(bytes, this.kept);
      faulty = false;
    } finally {
      this.flush(batch, faulty);
    }
  }

  end(batch: Batch): void {
    try {
      this.inner.end(this.kept);
    } finally {
      this.flush(batch, true);
    }
  }

  /** Hands on the rows of families that are over, or all of them. */
  private flush(batch: Batch, all: boolean): void {
    const { kept, table } = this;
    const familyOf = (row: number) => table.familyOf[kept.series[row]];
    let from = 0;
    while (from < kept.length) {
      const family = familyOf(from);
      let to = from + 1;
      while (to < kept.length && familyOf(to) === family) to++;
      if (to === kept.length && !all && family >= 0) break;
      this.hand(from, to, batch);
      from = to;
    }
    const { spare } = this;
    spare.append(kept, from, kept.length);
    kept.clear();
    this.kept = spare;
    this.spare = kept;
  }

  /** Hands on rows [from, to), which are of one family. */
  private hand(from: number, to: number, batch: Batch): void {
    const { kept, starts } = this;
    starts.clear();
    for (let row = from; row < to; row++) {
      const role = this.roleOf(kept.series[row]);
      if (role.isStart) starts.set(role.metric, millisOf(kept.v[row]));
    }
    if (starts.size === 0) {
      batch.append(kept, from, to);
      return;
    }
    for (let row = from; row < to; row++) {
      if (this.roleOf(kept.series[row]).isStart) continue;
      const first = row;
      const shift = batch.length - first;
      while (row < to && !this.roleOf(kept.series[row]).isStart) row++;
      batch.append(kept, first, row);
      for (let i = first; i < row; i++) {
        const start = starts.get(this.roleOf(kept.series[i]).metric);
        if (start !== undefined && !Number.isNaN(start)) batch.setStart(i + shift, start);
      }
    }
  }

  private roleOf(id: number): Role {
    const { table, roles } = this;
    const labels = table.labels[id];
    const family: Family | undefined = table.families[table.familyOf[id]];
    const known = roles[id];
    if (known !== undefined && known.labels === labels && known.family === family) return known;
    const typed = family !== undefined && WITH_START.has(family.type);
    const metric = labels.filter((label) => label !== METRIC_NAME && label !== 'le' && label !== 'quantile');
    return (roles[id] = {
      labels,
      family,
      metric: typed ? metric.toString() : '',
      isStart: typed && labels.get(METRIC_NAME) === `${family.name}_created`,
    });
  }
}
