/**
 * Parses the length-delimited protobuf format of io.prometheus.client (docs/format/protobuf.md) into the rows that
 * Prometheus makes of it: classic histograms and summaries become their series, native histograms one row each.
 */
import { FIXED64, field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { InputError } from '../errors.ts';
import type { MetricType } from '../model/metadata.ts';
import { goQuote } from '../model/quote.ts';
import { type Batch, NO_TIMESTAMP } from './batch.ts';
import { ByteTable } from './byte-table.ts';
import { DelimitedMessages, type MessageHandler } from './delimited-messages.ts';
import { dropRows } from './drop-rows.ts';
import {
  BAD_EXPOSITION,
  DEFAULT_MAX_RECORD_BYTES,
  type ExpositionParser,
  type ParserOptions,
} from './parser.ts';
import { COUNTER, FAMILY, METRIC, readExemplar, readTimestamp, TYPES, unitFits } from './protobuf-fields.ts';
import { type HistogramKinds, HistogramMessage } from './protobuf-histogram.ts';
import { KnownFamily, MetricLabels } from './protobuf-series.ts';
import { SummaryMessage } from './protobuf-summary.ts';
import type { SeriesTable } from './series-table.ts';

const EMPTY = new Uint8Array(0);

export class ProtobufParser implements ExpositionParser, MessageHandler {
  private readonly table: SeriesTable;
  private readonly messages: DelimitedMessages;
  private readonly kinds: HistogramKinds;
  private readonly reader = new ProtobufReader();
  private readonly labels = new MetricLabels();
  private readonly histogram = new HistogramMessage();
  private readonly summary = new SummaryMessage();
  private names = new ByteTable();
  private families: KnownFamily[] = [];
  private evictions: number;
  private bytes: Uint8Array = EMPTY;
  private view: DataView = new DataView(EMPTY.buffer);
  private batch: Batch | null = null;

  constructor(table: SeriesTable, options: ParserOptions = {}) {
    this.table = table;
    this.evictions = table.evictions;
    this.messages = new DelimitedMessages(options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES);
    this.kinds = {
      native: options.nativeHistograms !== false,
      alwaysClassic: options.alwaysScrapeClassic === true,
    };
  }

  write(bytes: Uint8Array, batch: Batch): void {
    this.batch = batch;
    this.messages.write(bytes, this);
  }

  end(): void {
    this.messages.end();
  }

  /** One MetricFamily. */
  message(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    try {
      this.reader.reset(bytes, start, end, offset);
      const family = this.readHeader();
      this.reader.seek(start, end);
      this.readMetrics(family);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(BAD_EXPOSITION, error.reason, error.place);
    }
  }

  /** What the message says of the family, of which the unit stands behind the metrics. */
  private readHeader(): KnownFamily {
    const { reader } = this;
    const start = reader.pos;
    let nameStart = start;
    let nameEnd = start;
    let help = EMPTY;
    let unit = EMPTY;
    let type = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      switch (tag) {
        case field(FAMILY.name, LENGTH): {
          const name = reader.raw();
          nameStart = reader.pos - name.length;
          nameEnd = reader.pos;
          break;
        }
        case field(FAMILY.help, LENGTH):
          help = reader.raw() as Uint8Array<ArrayBuffer>;
          break;
        case field(FAMILY.type, VARINT):
          type = reader.uint();
          break;
        case field(FAMILY.unit, LENGTH):
          unit = reader.raw() as Uint8Array<ArrayBuffer>;
          break;
        default:
          reader.skip(tag);
      }
    }
    if (nameStart === nameEnd) throw reader.fault('a metric family without a name', start);
    if (type >= TYPES.length) throw reader.fault(`no metric type: ${type}`, start);
    return this.familyOf(nameStart, nameEnd, TYPES[type], help, unit);
  }

  private familyOf(
    nameStart: number,
    nameEnd: number,
    type: MetricType,
    help: Uint8Array,
    unit: Uint8Array,
  ): KnownFamily {
    if (this.evictions !== this.table.evictions) this.forget();
    let number = this.names.find(this.view, nameStart, nameEnd);
    if (number >= 0) {
      const known = this.families[number];
      if (known.family.type === type && sameBytes(known.help, help) && sameBytes(known.unit, unit))
        return known;
    } else {
      number = this.families.length;
    }
    const { reader } = this;
    const name = reader.decode(this.bytes.subarray(nameStart, nameEnd), nameStart);
    const family = { name, type, help: reader.decode(help, nameStart), unit: reader.decode(unit, nameStart) };
    if (family.unit !== '' && !unitFits(family)) {
      const kind = type === 'counter' && name.endsWith('_total') ? 'counter' : 'metric';
      throw reader.fault(`unit ${goQuote(family.unit)} not a suffix of ${kind} ${goQuote(name)}`, nameStart);
    }
    if (number === this.families.length) this.names.add(this.view, nameStart, nameEnd);
    return (this.families[number] = new KnownFamily(this.table, reader, family, help, unit));
  }

  private forget(): void {
    this.names = new ByteTable();
    this.families = [];
    this.evictions = this.table.evictions;
  }

  private readMetrics(family: KnownFamily): void {
    const { reader } = this;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(FAMILY.metric, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const batch = this.batch!;
      const row = batch.length;
      try {
        this.readMetric(family, batch);
      } catch (error) {
        dropRows(batch, row);
        throw error;
      }
    }
  }

  private readMetric(family: KnownFamily, batch: Batch): void {
    const { reader, labels } = this;
    const outer = reader.enter();
    labels.begin(this.view, reader.pos, reader.end);
    const valueTag = VALUE_TAGS[family.family.type]!;
    let valueStart = -1;
    let t = 0;
    for (let at = reader.pos, tag = reader.tag(); tag !== 0; at = reader.pos, tag = reader.tag()) {
      if (tag === valueTag) valueStart = reader.pos;
      else if (tag === field(METRIC.timestampMs, VARINT)) {
        t = reader.int();
        continue;
      }
      reader.skip(tag);
      if (tag === field(METRIC.label, LENGTH)) labels.add(this.bytes, at, reader.pos);
    }
    const { end } = reader;
    // Go into the value, or, where there is none, into nothing, which reads as zeros.
    reader.seek(valueStart < 0 ? end : valueStart, end);
    if (valueStart >= 0) reader.enter();
    // Writers that know no optional fields write 0 for no timestamp.
    this.readValue(family, batch, t === 0 ? NO_TIMESTAMP : t);
    reader.seek(end, end);
    reader.leave(outer);
  }

  private readValue(family: KnownFamily, batch: Batch, t: number): void {
    switch (family.family.type) {
      case 'counter':
      case 'gauge':
      case 'unknown':
        this.readSingle(family, batch, t);
        break;
      case 'summary':
        this.summary.read(this.reader);
        this.summary.emit(family, this.labels, batch, t);
        break;
      default:
        this.histogram.read(this.reader);
        this.histogram.emit(family, this.labels, batch, t, this.reader, this.kinds);
    }
  }

  /** A counter, gauge or untyped value. */
  private readSingle(family: KnownFamily, batch: Batch, t: number): void {
    const { reader } = this;
    const row = batch.push(family.singleSeries(this.labels), t, 0);
    const isCounter = family.family.type === 'counter';
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(COUNTER.value, FIXED64)) reader.doubleInto(batch.v, row);
      else if (isCounter && tag === field(COUNTER.exemplar, LENGTH)) {
        batch.exemplars.push({ row, exemplar: readExemplar(reader) });
      } else if (isCounter && tag === field(COUNTER.created, LENGTH)) {
        batch.setStart(row, readTimestamp(reader));
      } else reader.skip(tag);
    }
  }
}

/** The field of a Metric that holds the value of a family of this type. */
const VALUE_TAGS: Readonly<Partial<Record<MetricType, number>>> = {
  counter: field(METRIC.counter, LENGTH),
  gauge: field(METRIC.gauge, LENGTH),
  unknown: field(METRIC.untyped, LENGTH),
  summary: field(METRIC.summary, LENGTH),
  histogram: field(METRIC.histogram, LENGTH),
  gaugehistogram: field(METRIC.histogram, LENGTH),
};

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
