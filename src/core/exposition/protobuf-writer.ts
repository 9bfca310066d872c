/**
 * Writes the length-delimited protobuf format of io.prometheus.client (docs/format/protobuf.md): native histograms,
 * exemplars, start timestamps, and stale markers, whose bits a double keeps.
 *
 * A classic histogram or summary becomes one metric again where its rows follow one another, as they do in a scrape;
 * otherwise (a dump series by series) its rows are written as untyped families `…_bucket`, `…_sum` and `…_count`, which
 * read back as the same series. Left out and counted: histograms with custom buckets, exemplars that have no place,
 * start timestamps of anything but counters, histograms and summaries, and series without a name.
 */
import { ProtobufWriter as WireWriter } from '../encoding/protobuf-writer.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { CounterReset, CUSTOM_BUCKETS_SCHEMA, type Histogram, type Span } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { readBits, writeBits, writeStale } from '../model/value.ts';
import {
  COUNTER,
  FAMILY,
  HISTOGRAM,
  METRIC,
  SPAN,
  TYPES,
  unitFits,
  writeExemplar,
  writeLabelPair,
  writeTimestamp,
} from './protobuf-fields.ts';
import { type GroupRow, isComposed, MetricGroup } from './protobuf-group.ts';
import type { Family } from './series-table.ts';
import {
  type ExpositionWriter,
  noneOmitted,
  type Omitted,
  type RowExtras,
  type WriterOptions,
} from './writer.ts';

/** A family's message is closed at this size, and goes on in another one. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export class ProtobufWriter implements ExpositionWriter {
  readonly omitted: Omitted = noneOmitted();
  private readonly out = new WireWriter();
  private readonly withTimestamps: boolean;
  private current: Family | null = null;
  private group: MetricGroup | null = null;
  /** What the open message says of its family. */
  private header: Family | null = null;
  /** Where the open message's content begins. */
  private messageStart = 0;
  /** End of the last message that is whole. */
  private completeBytes = 0;
  /** Bytes at the front that were taken, and make room at the next write. */
  private takenBytes = 0;
  private lastSingle: { family: Family | null; header: Family } | null = null;
  /** The label fields of each series. */
  private readonly kept: Map<Labels, Uint8Array> | null;

  constructor(options: WriterOptions) {
    this.kept = options.keepSeries === true ? new Map() : null;
    this.withTimestamps = options.withoutTimestamps !== true;
  }

  get buffered(): number {
    return this.completeBytes - this.takenBytes;
  }

  take(): Uint8Array {
    const taken = this.out.bytes.subarray(this.takenBytes, this.completeBytes);
    this.takenBytes = this.completeBytes;
    return taken;
  }

  family(family: Family | null): void {
    this.current = family;
  }

  sample(labels: Labels, t: number, vs: Float64Array, row: number, extras?: RowExtras): void {
    const at = this.withTimestamps ? t : Number.NaN;
    const family = this.current;
    if (family === null || !isComposed(family)) {
      this.flushGroup();
      this.writeSingle(labels, at, vs, row, extras, family);
      return;
    }
    const part: GroupRow = {
      labels,
      t: at,
      value: ownColumn(vs, row),
      extras: extras && { st: extras.st, exemplars: extras.exemplars.slice() },
    };
    if (this.group !== null && sameFamily(this.group.family, family) && this.group.add(part)) return;
    this.flushGroup();
    this.group = MetricGroup.of(family, part);
    if (this.group === null) this.writeSingle(labels, at, part.value, 0, extras, family);
  }

  histogram(labels: Labels, t: number, h: Histogram, extras?: RowExtras): void {
    const name = labels.get(METRIC_NAME);
    if (name === '' || h.schema === CUSTOM_BUCKETS_SCHEMA) {
      this.omitted[name === '' ? 'nameless' : 'histograms']++;
      return;
    }
    this.flushGroup();
    const known = this.current?.name === name ? this.current : null;
    const type = h.counterReset === CounterReset.gauge ? 'gaugehistogram' : 'histogram';
    const metric = this.openMetric({ name, type, help: known?.help ?? '', unit: known?.unit ?? '' }, labels);
    const start = this.out.begin(METRIC.histogram);
    writeNative(this.out, h);
    if (extras !== undefined && extras.st !== 0) writeTimestamp(this.out, HISTOGRAM.created, extras.st);
    for (const exemplar of extras?.exemplars ?? []) this.writeNativeExemplar(exemplar, t);
    this.out.finish(start);
    this.closeMetric(metric, this.withTimestamps ? t : Number.NaN);
  }

  end(): void {
    this.flushGroup();
    this.closeMessage();
  }

  /** Those of native histograms must have a time: without one of its own, an exemplar has its sample's. */
  private writeNativeExemplar(exemplar: Exemplar, t: number): void {
    const at = exemplar.t ?? t;
    if (Number.isNaN(at)) this.omitted.exemplars++;
    else writeExemplar(this.out, HISTOGRAM.exemplars, { ...exemplar, t: at });
  }

  private flushGroup(): void {
    const { group } = this;
    if (group === null) return;
    this.group = null;
    if (!group.isWhole) {
      for (const { labels, t, value, extras } of group.rows)
        this.writeSingle(labels, t, value, 0, extras, null);
      return;
    }
    this.openMessage(group.family);
    const metric = this.out.begin(FAMILY.metric);
    group.write(this.out, this.omitted);
    this.out.finish(metric);
  }

  /** A row that is a metric by itself. */
  private writeSingle(
    labels: Labels,
    t: number,
    vs: Float64Array,
    row: number,
    extras: RowExtras | undefined,
    family: Family | null,
  ): void {
    const name = labels.get(METRIC_NAME);
    if (name === '') {
      this.omitted.nameless++;
      return;
    }
    const { out } = this;
    const header = this.singleHeader(name, family);
    const metric = this.openMetric(header, labels);
    const value = out.begin(VALUE_FIELDS[header.type as keyof typeof VALUE_FIELDS]);
    out.doubleFrom(COUNTER.value, vs, row);
    if (extras !== undefined) this.writeExtras(header, extras);
    out.finish(value);
    this.closeMetric(metric, t);
  }

  /** Inside of the value of a counter, gauge or untyped metric. */
  private writeExtras({ type }: Family, { st, exemplars }: RowExtras): void {
    const isCounter = type === 'counter';
    if (isCounter && exemplars.length > 0) writeExemplar(this.out, COUNTER.exemplar, exemplars[0]);
    this.omitted.exemplars += isCounter ? Math.max(0, exemplars.length - 1) : exemplars.length;
    if (st === 0) return;
    if (isCounter) writeTimestamp(this.out, COUNTER.created, st);
    else this.omitted.startTimestamps++;
  }

  /** Rows of one name and family follow one another: the header of the last one is kept. */
  private singleHeader(name: string, family: Family | null): Family {
    const last = this.lastSingle;
    if (last !== null && last.header.name === name && last.family === family) return last.header;
    const header = singleHeader(name, family);
    this.lastSingle = { family, header };
    return header;
  }

  private openMetric(header: Family, labels: Labels): number {
    this.openMessage(header);
    const metric = this.out.begin(FAMILY.metric);
    const known = this.kept?.get(labels);
    if (known !== undefined) {
      this.out.copy(known);
      return metric;
    }
    const start = this.out.length;
    const { names, values } = labels;
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== METRIC_NAME) writeLabelPair(this.out, METRIC.label, names[i], values[i]);
    }
    this.kept?.set(labels, this.out.bytes.slice(start, this.out.length));
    return metric;
  }

  private closeMetric(metric: number, t: number): void {
    if (!Number.isNaN(t)) this.out.int(METRIC.timestampMs, t);
    this.out.finish(metric);
  }

  /** Makes sure that the open message is one of this family. */
  private openMessage(header: Family): void {
    if (sameFamily(header, this.header) && this.out.length - this.messageStart < MAX_MESSAGE_BYTES) return;
    this.closeMessage();
    this.dropTaken();
    this.header = header;
    this.messageStart = this.out.open();
    this.out.string(FAMILY.name, header.name);
    if (header.help !== '') this.out.string(FAMILY.help, header.help);
    this.out.uint(FAMILY.type, TYPES.indexOf(header.type));
  }

  private closeMessage(): void {
    if (this.header === null) return;
    if (this.header.unit !== '' && unitFits(this.header)) this.out.string(FAMILY.unit, this.header.unit);
    this.out.finish(this.messageStart);
    this.header = null;
    this.completeBytes = this.out.length;
  }

  /** No message is open: what was taken may be written over. */
  private dropTaken(): void {
    if (this.takenBytes === 0) return;
    this.out.bytes.copyWithin(0, this.takenBytes, this.completeBytes);
    this.completeBytes -= this.takenBytes;
    this.takenBytes = 0;
    this.out.length = this.completeBytes;
  }
}

const VALUE_FIELDS = { counter: METRIC.counter, gauge: METRIC.gauge, unknown: METRIC.untyped } as const;

function sameFamily(a: Family, b: Family | null): boolean {
  if (a === b) return true;
  return b !== null && a.name === b.name && a.type === b.type && a.help === b.help && a.unit === b.unit;
}

/** The family of a row that is a metric by itself: in this format it is called as its samples are. */
function singleHeader(name: string, family: Family | null): Family {
  const untyped: Family = { name, type: 'unknown', help: '', unit: '' };
  if (family === null) return untyped;
  const { type, help, unit } = family;
  if (type === 'counter' && (name === family.name || name === `${family.name}_total`)) {
    return { name, type, help, unit };
  }
  if (type === 'info' && (name === family.name || name === `${family.name}_info`)) {
    return { name, type: 'gauge', help, unit: '' };
  }
  if (name !== family.name || !['gauge', 'stateset', 'unknown'].includes(type)) return untyped;
  return { name, type: type === 'unknown' ? 'unknown' : 'gauge', help, unit };
}

function writeNative(out: WireWriter, h: Histogram): void {
  if (h.isFloat) out.double(HISTOGRAM.countFloat, h.count);
  else out.uint(HISTOGRAM.count, h.count);
  if (h.stale) writeStale(sum, 0);
  else sum[0] = h.sum;
  out.doubleFrom(HISTOGRAM.sum, sum, 0);
  out.sint(HISTOGRAM.schema, h.schema);
  out.double(HISTOGRAM.zeroThreshold, h.zeroThreshold);
  if (h.isFloat) out.double(HISTOGRAM.zeroCountFloat, h.zeroCount);
  else out.uint(HISTOGRAM.zeroCount, h.zeroCount);
  writeSpans(out, HISTOGRAM.negativeSpan, h.negativeSpans);
  writeCounts(out, HISTOGRAM.negativeDelta, HISTOGRAM.negativeCount, h.negativeBuckets, h.isFloat);
  writeSpans(out, HISTOGRAM.positiveSpan, h.positiveSpans);
  writeCounts(out, HISTOGRAM.positiveDelta, HISTOGRAM.positiveCount, h.positiveBuckets, h.isFloat);
  const isEmpty = h.positiveSpans.length === 0 && h.negativeSpans.length === 0;
  // Without any span it could be taken for a classic histogram.
  if (isEmpty) writeSpans(out, HISTOGRAM.positiveSpan, [{ offset: 0, length: 0 }]);
}

function writeSpans(out: WireWriter, number: number, spans: readonly Span[]): void {
  for (const span of spans) {
    const start = out.begin(number);
    out.sint(SPAN.offset, span.offset);
    out.uint(SPAN.length, span.length);
    out.finish(start);
  }
}

function writeCounts(
  out: WireWriter,
  delta: number,
  count: number,
  buckets: Float64Array,
  isFloat: boolean,
): void {
  if (buckets.length === 0) return;
  const start = out.begin(isFloat ? count : delta);
  for (let i = 0; i < buckets.length; i++) {
    if (isFloat) out.rawDouble(buckets, i);
    else out.rawSint(buckets[i] - (i === 0 ? 0 : buckets[i - 1]));
  }
  out.finish(start);
}

const sum = new Float64Array(1);
const halves = new Uint32Array(2);

/** The value in a column of its own, with its bits. */
function ownColumn(vs: Float64Array, row: number): Float64Array {
  const value = new Float64Array(1);
  readBits(vs, row, halves);
  writeBits(value, 0, halves[0], halves[1]);
  return value;
}
