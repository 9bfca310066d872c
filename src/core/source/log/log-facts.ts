/** What a log says beside samples: exemplars, metadata, and how far it reaches. Each function is one pass. */
import { ByteReader } from '../../encoding/byte-reader.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import { METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { type Metadata, sameMetadata } from '../../model/metadata.ts';
import {
  decodeExemplars,
  decodeMetadata,
  decodeSamples,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  RecordType,
  RefIndex,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../../tsdb/wal/index.ts';
import type { ExemplarSeries, TimeRange } from '../source.ts';
import { LabelSymbols } from './label-symbols.ts';
import type { LogView } from './log-view.ts';

/** Times of the oldest and newest sample from `minTime` on, and of all that came out of order. */
export function logExtent(view: LogView, minTime: number): TimeRange | undefined {
  const samples = new SampleRows();
  const histograms = new HistogramDecoder();
  let mint = Number.POSITIVE_INFINITY;
  let maxt = Number.NEGATIVE_INFINITY;
  let from = minTime;
  const wants = (type: number) => isSamplesRecord(type) || isHistogramRecord(type);
  const take = (record: Uint8Array) => {
    const type = recordType(record);
    if (isSamplesRecord(type)) {
      decodeSamples(record, samples);
      const { t } = samples;
      for (let i = 0; i < samples.length; i++) {
        if (t[i] < from) continue;
        if (t[i] < mint) mint = t[i];
        if (t[i] > maxt) maxt = t[i];
      }
    } else if (isHistogramRecord(type)) {
      histograms.begin(record);
      while (histograms.next()) {
        if (histograms.t < from) continue;
        mint = Math.min(mint, histograms.t);
        maxt = Math.max(maxt, histograms.t);
      }
    }
  };
  view.eachRecord({ wants, take });
  from = Number.NEGATIVE_INFINITY;
  view.eachOutOfOrderRecord({ wants, take });
  return mint > maxt ? undefined : { mint, maxt };
}

/** By metric name, of `metric` alone where it is given; the newest of each series, each once. */
export function logMetadata(view: LogView, metric: string | undefined): Map<string, Metadata[]> {
  const out = new Map<string, Metadata[]>();
  if (!view.mayHave(RecordType.metadata)) return out;
  const names = new MetricNames();
  const newest = new Map<number, Metadata>();
  view.eachRecord({
    wants: (type) => type === RecordType.series || type === RecordType.metadata,
    take(record) {
      if (recordType(record) === RecordType.series) names.take(record);
      else for (const { ref, metadata } of decodeMetadata(record)) newest.set(ref, metadata);
    },
  });
  for (const [ref, metadata] of newest) {
    const name = names.of(ref);
    if (name === undefined || (metric !== undefined && name !== metric)) continue;
    const entries = out.get(name);
    if (entries === undefined) out.set(name, [metadata]);
    else if (!entries.some((known) => sameMetadata(known, metadata))) entries.push(metadata);
  }
  return out;
}

/** The metric name of each ref. */
class MetricNames {
  private readonly symbols = new LabelSymbols();
  private readonly nameOf = new RefIndex();
  private readonly decoder = new SeriesDecoder();
  private readonly reader = new ByteReader();
  private readonly label = this.symbols.internText(METRIC_NAME);
  private previous = -1;

  take(record: Uint8Array): void {
    const { decoder, reader, symbols } = this;
    decoder.start(record);
    while (decoder.next()) {
      reader.reset(record, decoder.labelsStart, decoder.labelsEnd);
      for (let labels = reader.uvarint(); labels > 0; labels--) {
        const isName = this.isString(reader, this.label);
        if (!isName) reader.skipString();
        else {
          const length = reader.uvarint();
          const start = reader.advance(length);
          this.previous = symbols.internLike(this.previous, record, start, start + length);
          this.nameOf.set(decoder.ref, this.previous);
        }
      }
    }
  }

  of(ref: number): string | undefined {
    const symbol = this.nameOf.get(ref);
    return symbol < 0 ? undefined : this.symbols.text(symbol);
  }

  private isString(reader: ByteReader, symbol: number): boolean {
    const length = reader.uvarint();
    const start = reader.advance(length);
    return this.symbols.is(symbol, reader.bytes, start, start + length);
  }
}

/** The exemplars in a range of the series that satisfy one of the lists of matchers, sorted by labels. */
export function logExemplars(
  view: LogView,
  matchers: readonly (readonly Matcher[])[],
  range: TimeRange,
): ExemplarSeries[] {
  if (!view.mayHave(RecordType.exemplars)) return [];
  const byRef = new Map<number, Exemplar[]>();
  view.eachRecord({
    wants: (type) => type === RecordType.exemplars,
    take(record) {
      for (const { ref, exemplar } of decodeExemplars(record)) {
        if (exemplar.t! < range.mint || exemplar.t! > range.maxt) continue;
        const list = byRef.get(ref);
        if (list === undefined) byRef.set(ref, [exemplar]);
        else list.push(exemplar);
      }
    },
  });
  if (byRef.size === 0) return [];
  // Few series have any: only their labels are looked at.
  const found = new Map<string, ExemplarSeries>();
  const decoder = new SeriesDecoder();
  view.eachRecord({
    wants: (type) => type === RecordType.series,
    take(record) {
      decoder.start(record);
      while (decoder.next()) {
        const exemplars = byRef.get(decoder.ref);
        if (exemplars === undefined) continue;
        // A checkpoint may say again what a ref is.
        byRef.delete(decoder.ref);
        const labels = decoder.labels();
        if (!matchers.some((list) => list.every((m) => m.matches(labels.get(m.name))))) continue;
        const known = found.get(labels.toString());
        if (known === undefined) found.set(labels.toString(), { labels, exemplars });
        else known.exemplars.push(...exemplars);
      }
    },
  });
  const out = [...found.values()].sort((a, b) => a.labels.compare(b.labels));
  for (const { exemplars } of out) exemplars.sort((a, b) => a.t! - b.t!);
  return out;
}
