/**
 * Remote write as it arrives: both messages give one series after another, in one object that is used again.
 * Specified in https://prometheus.io/docs/specs/prw/remote_write_spec/ (1.0, prompb/remote.proto) and
 * https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ (2.0, with a table of the strings).
 */
import { FIXED64, field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { SampleColumns } from '../model/columns.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { labelsFromPairs } from '../model/labels.ts';
import { METRIC_TYPES, type Metadata } from '../model/metadata.ts';
import { readHistogram, readLabel, readSample } from './prompb.ts';

export const WRITE_V1 = 'prometheus.WriteRequest';
export const WRITE_V2 = 'io.prometheus.write.v2.Request';

/** What the bytes of labels came to before; of remote-write 1.0 alone, whose messages have no table of strings. */
export interface KnownLabels {
  /** The ref of the series with the labels that bytes [start, end) of a message are; -1 where they are new. */
  refOf(message: Uint8Array, start: number, end: number): number;
}

export class WrittenSeries {
  /** Names and values in the order of the message, which need not be that of a label set; none where `ref` is known. */
  labels: [string, string][] = [];
  /** What KnownLabels says of it, or -1. */
  ref = -1;
  /** Where the labels are in the message; of no length where they are not in one piece. */
  labelsStart = 0;
  labelsEnd = 0;
  readonly samples: SampleColumns = new SampleColumns();
  histograms: { t: number; h: Histogram }[] = [];
  exemplars: Exemplar[] = [];
  /** Of its metric; 2.0 has it with each series. */
  metadata: Metadata | undefined;

  clear(): void {
    this.labels = [];
    this.ref = -1;
    this.labelsStart = this.labelsEnd = 0;
    this.samples.clear();
    this.histograms = [];
    this.exemplars = [];
    this.metadata = undefined;
  }
}

/** Gives each series of a 1.0 message to `each`. Throws InputError. */
export function decodeWriteV1(
  message: Uint8Array,
  each: (series: WrittenSeries) => void,
  known?: KnownLabels,
): void {
  const reader = new ProtobufReader();
  reader.reset(message);
  const series = new WrittenSeries();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== field(1, LENGTH)) {
      // Metadata comes in messages of its own, without the series it is of: upstream does not store it either.
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    series.clear();
    const { pos, end } = reader;
    while (reader.tag() === LABEL_V1) {
      reader.skip(LABEL_V1);
      series.labelsEnd = reader.pos;
    }
    if (series.labelsEnd > pos) {
      series.labelsStart = pos;
      series.ref = known?.refOf(message, pos, series.labelsEnd) ?? -1;
    }
    reader.seek(series.ref < 0 ? pos : series.labelsEnd, end);
    if (!readSeriesV1(reader, series)) {
      // There are more labels behind, which make it another series.
      series.clear();
      reader.seek(pos, end);
      readSeriesV1(reader, series);
    }
    reader.leave(outer);
    each(series);
  }
}

const LABEL_V1 = field(1, LENGTH);

/** False where the series is known by its first labels, and has more of them. */
function readSeriesV1(reader: ProtobufReader, series: WrittenSeries): boolean {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if ((tag & 7) !== LENGTH) {
      reader.skip(tag);
      continue;
    }
    if (tag === LABEL_V1 && reader.pos > series.labelsEnd) {
      if (series.ref >= 0) return false;
      series.labelsStart = series.labelsEnd;
    }
    const outer = reader.enter();
    if (tag === LABEL_V1) series.labels.push(readLabel(reader));
    else if (tag === field(2, LENGTH)) readSample(reader, series.samples);
    else if (tag === field(3, LENGTH)) series.exemplars.push(readExemplarV1(reader));
    else if (tag === field(4, LENGTH)) series.histograms.push(readHistogram(reader));
    reader.leave(outer);
  }
  return true;
}

function readExemplarV1(reader: ProtobufReader): Exemplar {
  const pairs: [string, string][] = [];
  let v = 0;
  let t = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, LENGTH)) {
      const outer = reader.enter();
      pairs.push(readLabel(reader));
      reader.leave(outer);
    } else if (tag === field(2, FIXED64)) v = reader.double();
    else if (tag === field(3, VARINT)) t = reader.int();
    else reader.skip(tag);
  }
  return { labels: labelsFromPairs(distinct(pairs)), v, t };
}

/** Gives each series of a 2.0 message to `each`. Throws InputError. */
export function decodeWriteV2(message: Uint8Array, each: (series: WrittenSeries) => void): void {
  const reader = new ProtobufReader();
  reader.reset(message);
  const symbols: string[] = [];
  const parts: Uint8Array[] = [];
  // The table may come behind what refers to it.
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(4, LENGTH)) symbols.push(reader.string());
    else if (tag === field(5, LENGTH)) parts.push(reader.raw());
    else reader.skip(tag);
  }
  const series = new WrittenSeries();
  const decoder = new SeriesDecoderV2(symbols);
  for (const part of parts) {
    series.clear();
    decoder.read(part, series);
    each(series);
  }
}

class SeriesDecoderV2 {
  private readonly symbols: readonly string[];
  private readonly reader = new ProtobufReader();

  constructor(symbols: readonly string[]) {
    this.symbols = symbols;
  }

  read(part: Uint8Array, series: WrittenSeries): void {
    const { reader } = this;
    reader.reset(part);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if ((tag & 7) !== LENGTH) {
        if (tag === field(1, VARINT)) throw reader.fault('label references that are not packed');
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      if (tag === field(1, LENGTH)) series.labels = this.labels();
      else if (tag === field(2, LENGTH)) readSample(reader, series.samples);
      else if (tag === field(3, LENGTH)) series.histograms.push(readHistogram(reader));
      else if (tag === field(4, LENGTH)) series.exemplars.push(this.exemplar());
      else if (tag === field(5, LENGTH)) series.metadata = this.metadata();
      reader.leave(outer);
    }
  }

  /** Pairs of references, names and values. */
  private labels(): [string, string][] {
    const { reader } = this;
    const pairs: [string, string][] = [];
    while (reader.pos < reader.end) {
      const name = this.symbol(reader.uint());
      if (reader.pos === reader.end) throw reader.fault('a label name without a value');
      pairs.push([name, this.symbol(reader.uint())]);
    }
    return pairs;
  }

  private exemplar(): Exemplar {
    const { reader } = this;
    let pairs: [string, string][] = [];
    let v = 0;
    let t = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) {
        const outer = reader.enter();
        pairs = this.labels();
        reader.leave(outer);
      } else if (tag === field(2, FIXED64)) v = reader.double();
      else if (tag === field(3, VARINT)) t = reader.int();
      else reader.skip(tag);
    }
    return { labels: labelsFromPairs(distinct(pairs)), v, t };
  }

  private metadata(): Metadata {
    const { reader } = this;
    const metadata: Metadata = { type: 'unknown', help: '', unit: '' };
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, VARINT)) metadata.type = METRIC_TYPES[reader.uint()] ?? 'unknown';
      else if (tag === field(3, VARINT)) metadata.help = this.symbol(reader.uint());
      else if (tag === field(4, VARINT)) metadata.unit = this.symbol(reader.uint());
      else reader.skip(tag);
    }
    return metadata;
  }

  private symbol(ref: number): string {
    const text = this.symbols[ref];
    if (text !== undefined) return text;
    throw this.reader.fault(`symbol ${ref} is referred to, there are ${this.symbols.length}`);
  }
}

/** Of a name that comes twice the first counts: exemplars are not worth a refusal. */
function distinct(pairs: readonly [string, string][]): [string, string][] {
  return [...new Map([...pairs].reverse())];
}
