/**
 * Puts the rows of one classic histogram or summary at one time together again: in the client model they are a single
 * metric. Rows of one metric follow one another in a scrape; what does not make a whole metric is given back.
 */
import type { ProtobufWriter as WireWriter } from '../encoding/protobuf-writer.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { parseGoFloat } from '../model/number.ts';
import { canonicalBound } from './bound-label.ts';
import {
  BUCKET,
  HISTOGRAM,
  METRIC,
  QUANTILE,
  SUMMARY,
  writeExemplar,
  writeLabelPair,
  writeTimestamp,
} from './protobuf-fields.ts';
import type { Family } from './series-table.ts';
import type { Omitted, RowExtras } from './writer.ts';

/** A row as it came; `value` is a column of one. */
export interface GroupRow {
  labels: Labels;
  t: number;
  value: Float64Array;
  extras: RowExtras | undefined;
}

type Part = 'count' | 'sum' | 'bound';

export class MetricGroup {
  readonly family: Family;
  readonly rows: GroupRow[] = [];
  private readonly boundLabel: 'le' | 'quantile';
  /** The labels that all rows share. */
  private readonly base: Labels;
  private readonly t: number;
  private readonly st: number;
  private count: GroupRow | null = null;
  private sum: GroupRow | null = null;
  private readonly bounds: { bound: number; row: GroupRow }[] = [];

  private constructor(family: Family, base: Labels, row: GroupRow) {
    this.family = family;
    this.boundLabel = boundLabelOf(family);
    this.base = base;
    this.t = row.t;
    this.st = row.extras?.st ?? 0;
  }

  /** A group of this row alone, or null where it is no part of such a metric; the family `isComposed`. */
  static of(family: Family, row: GroupRow): MetricGroup | null {
    const group = new MetricGroup(family, row.labels.without(METRIC_NAME, boundLabelOf(family)), row);
    return group.add(row) ? group : null;
  }

  /** Takes the row in if it is one more part of this metric. */
  add(row: GroupRow): boolean {
    const part = this.partOf(row.labels);
    if (part === undefined || !Object.is(row.t, this.t) || (row.extras?.st ?? 0) !== this.st) return false;
    if (!row.labels.without(METRIC_NAME, this.boundLabel).equals(this.base)) return false;
    if (part === 'bound') {
      const bound = parseGoFloat(row.labels.get(this.boundLabel))!;
      if (this.bounds.some((known) => Object.is(known.bound, bound))) return false;
      this.bounds.push({ bound, row });
    } else {
      if (this[part] !== null) return false;
      this[part] = row;
    }
    this.rows.push(row);
    return true;
  }

  /** Whether reading the metric back gives these very rows. */
  get isWhole(): boolean {
    if (this.count === null || this.sum === null || !isWholeNumber(this.count.value[0])) return false;
    if (this.family.type === 'summary') return true;
    return (
      this.bounds.at(-1)?.bound === Number.POSITIVE_INFINITY &&
      this.bounds.every(({ row }) => isWholeNumber(row.value[0]))
    );
  }

  /** Writes the metric's fields; `isWhole` must hold. */
  write(out: WireWriter, omitted: Omitted): void {
    for (const [name, value] of this.base) writeLabelPair(out, METRIC.label, name, value);
    if (this.family.type === 'summary') this.writeSummary(out);
    else this.writeHistogram(out);
    if (!Number.isNaN(this.t)) out.int(METRIC.timestampMs, this.t);
    for (const row of this.rows) {
      const exemplars = row.extras?.exemplars.length ?? 0;
      const written = row.labels.has('le') && this.boundLabel === 'le' ? Math.min(exemplars, 1) : 0;
      omitted.exemplars += exemplars - written;
    }
  }

  private partOf(labels: Labels): Part | undefined {
    const name = labels.get(METRIC_NAME);
    const bound = labels.get(this.boundLabel);
    if (!name.startsWith(this.family.name)) return undefined;
    const suffix = name.slice(this.family.name.length);
    if (suffix === '_count' && bound === '') return 'count';
    if (suffix === '_sum' && bound === '') return 'sum';
    const boundSuffix = this.boundLabel === 'le' ? '_bucket' : '';
    if (suffix !== boundSuffix || parseGoFloat(bound) === undefined || canonicalBound(bound) !== bound)
      return undefined;
    return 'bound';
  }

  private writeSummary(out: WireWriter): void {
    const start = out.begin(METRIC.summary);
    out.uint(SUMMARY.count, this.count!.value[0]);
    out.doubleFrom(SUMMARY.sum, this.sum!.value, 0);
    for (const { bound, row } of this.bounds) {
      const quantile = out.begin(SUMMARY.quantile);
      out.double(QUANTILE.quantile, bound);
      out.doubleFrom(QUANTILE.value, row.value, 0);
      out.finish(quantile);
    }
    if (this.st !== 0) writeTimestamp(out, SUMMARY.created, this.st);
    out.finish(start);
  }

  private writeHistogram(out: WireWriter): void {
    const start = out.begin(METRIC.histogram);
    out.uint(HISTOGRAM.count, this.count!.value[0]);
    out.doubleFrom(HISTOGRAM.sum, this.sum!.value, 0);
    for (const { bound, row } of this.bounds) {
      const bucket = out.begin(HISTOGRAM.bucket);
      out.uint(BUCKET.cumulative, row.value[0]);
      out.double(BUCKET.upperBound, bound);
      const exemplar: Exemplar | undefined = row.extras?.exemplars[0];
      if (exemplar !== undefined) writeExemplar(out, BUCKET.exemplar, exemplar);
      out.finish(bucket);
    }
    if (this.st !== 0) writeTimestamp(out, HISTOGRAM.created, this.st);
    out.finish(start);
  }
}

/** Whether a metric of this family has several series: it is a histogram or a summary. */
export function isComposed({ type }: Family): boolean {
  return type === 'summary' || type === 'histogram' || type === 'gaugehistogram';
}

function boundLabelOf(family: Family): 'le' | 'quantile' {
  return family.type === 'summary' ? 'quantile' : 'le';
}

/** What a uint64 field and then a `number` hold exactly. */
function isWholeNumber(v: number): boolean {
  return Number.isSafeInteger(v) && v >= 0 && !Object.is(v, -0);
}
