/**
 * The families and metrics that a protobuf parser has met, by the bytes of their names and labels, with the numbers of
 * their series. A metric that comes again makes no string.
 */
import { ByteOutput } from '../encoding/byte-output.ts';
import { field, LENGTH, type ProtobufReader } from '../encoding/protobuf-reader.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { formatBound } from './bound-label.ts';
import { ByteTable } from './byte-table.ts';
import { labelsOf, METRIC, readLabelPair } from './protobuf-fields.ts';
import type { Family, SeriesTable } from './series-table.ts';

/** Number of a series that has not come yet. */
const NONE = -1;
const LABEL_TAG = field(METRIC.label, LENGTH);

/** The labels of the metric that is being read: their fields with tags and lengths, one after another, are its key. */
export class MetricLabels {
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  /** The whole message, in the bytes of the reader. */
  metricStart = 0;
  metricEnd = 0;
  private readonly gathered = new ByteOutput(256);

  /** The metric is in bytes [start, end) of `view`; no label is known yet. */
  begin(view: DataView, start: number, end: number): void {
    this.view = view;
    this.start = start;
    this.end = start;
    this.metricStart = start;
    this.metricEnd = end;
    this.gathered.length = 0;
  }

  /** A label's field is in bytes [start, end) of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.gathered.length === 0) {
      if (this.start === this.end) {
        this.start = start;
        this.end = end;
        return;
      }
      if (this.end === start) {
        this.end = end;
        return;
      }
      // Something else stands between the labels: the key has to be put together.
      this.gathered.copy(bytes.subarray(this.start, this.end));
    }
    this.gathered.copy(bytes.subarray(start, end));
    this.view = new DataView(this.gathered.bytes.buffer);
    this.start = 0;
    this.end = this.gathered.length;
  }
}

/** The series of one histogram or summary. */
export class PartSeries {
  native = NONE;
  count = NONE;
  sum = NONE;
  /** Upper bounds or quantiles, and their series, in the order in which the metric has them. */
  readonly bounds: number[] = [];
  readonly ids: number[] = [];
}

export class KnownFamily {
  readonly family: Family;
  readonly help: Uint8Array;
  readonly unit: Uint8Array;
  /** Index of `family` in the table. */
  private readonly index: number;
  private readonly table: SeriesTable;
  private readonly reader: ProtobufReader;
  private readonly metrics = new ByteTable();
  /** By metric: its series, in families whose metrics are one series each. */
  private readonly single: number[] = [];
  /** By metric, in families of histograms and summaries. */
  private readonly parts: PartSeries[] = [];

  /** `help` and `unit` are the bytes of `family`'s, by which it is seen that they have not changed. */
  constructor(
    table: SeriesTable,
    reader: ProtobufReader,
    family: Family,
    help: Uint8Array,
    unit: Uint8Array,
  ) {
    this.table = table;
    this.reader = reader;
    this.family = family;
    this.help = help.slice();
    this.unit = unit.slice();
    this.index = table.declare(family.name, { type: family.type, help: family.help, unit: family.unit });
  }

  singleSeries(labels: MetricLabels): number {
    const metric = this.metrics.find(labels.view, labels.start, labels.end);
    if (metric >= 0) return this.touch(this.single[metric]);
    const id = this.intern(labels, '');
    this.metrics.add(labels.view, labels.start, labels.end);
    this.single.push(id);
    return id;
  }

  partSeries(labels: MetricLabels): PartSeries {
    const metric = this.metrics.find(labels.view, labels.start, labels.end);
    if (metric >= 0) return this.parts[metric];
    this.metrics.add(labels.view, labels.start, labels.end);
    const parts = new PartSeries();
    this.parts.push(parts);
    return parts;
  }

  nativeSeries(parts: PartSeries, labels: MetricLabels): number {
    if (parts.native === NONE) parts.native = this.intern(labels, '');
    return this.touch(parts.native);
  }

  countSeries(parts: PartSeries, labels: MetricLabels): number {
    if (parts.count === NONE) parts.count = this.intern(labels, '_count');
    return this.touch(parts.count);
  }

  sumSeries(parts: PartSeries, labels: MetricLabels): number {
    if (parts.sum === NONE) parts.sum = this.intern(labels, '_sum');
    return this.touch(parts.sum);
  }

  /** The series of the bucket or quantile `bound`, which is at place `i` of its metric this time. */
  boundSeries(parts: PartSeries, labels: MetricLabels, i: number, bound: number): number {
    if (i < parts.ids.length && Object.is(parts.bounds[i], bound)) return this.touch(parts.ids[i]);
    const value = formatBound(bound);
    const isSummary = this.family.type === 'summary';
    const id = isSummary
      ? this.intern(labels, '', 'quantile', value)
      : this.intern(labels, '_bucket', 'le', value);
    parts.bounds[i] = bound;
    parts.ids[i] = id;
    return id;
  }

  private touch(id: number): number {
    this.table.seen[id] = this.table.generation;
    return id;
  }

  /** Reads the metric's labels once more, as strings, and adds the name and perhaps another label. */
  private intern(labels: MetricLabels, suffix: string, extraName?: string, extraValue = ''): number {
    const { reader } = this;
    const pairs: [string, string][] = [[METRIC_NAME, this.family.name + suffix]];
    if (extraName !== undefined) pairs.push([extraName, extraValue]);
    const { pos, end } = reader;
    reader.seek(labels.metricStart, labels.metricEnd);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === LABEL_TAG) pairs.push(readLabelPair(reader));
      else reader.skip(tag);
    }
    const made = labelsOf(reader, pairs, labels.metricStart);
    reader.seek(pos, end);
    const id = this.table.intern(made, this.index);
    const empty = pairs.filter(([, value]) => value === '').map(([name]) => name);
    if (empty.length > 0) this.table.emptyLabels.set(id, empty);
    return id;
  }
}
