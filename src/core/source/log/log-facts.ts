/** What a log says beside samples: exemplars, metadata, and how far it reaches. Each function is one pass. */
import { METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { Metadata } from '../../model/metadata.ts';
import {
  decodeExemplars,
  decodeMetadata,
  decodeSamples,
  HistogramDecoder,
  isHistogramRecord,
  RecordType,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../../tsdb/wal/index.ts';
import type { ExemplarSeries, TimeRange } from '../source.ts';
import { LogSeries } from './log-series.ts';
import type { LogView } from './log-view.ts';

/** Times of the oldest and newest sample from `minTime` on, and of all that came out of order. */
export function logExtent(view: LogView, minTime: number): TimeRange | undefined {
  const samples = new SampleRows();
  const histograms = new HistogramDecoder();
  let mint = Number.POSITIVE_INFINITY;
  let maxt = Number.NEGATIVE_INFINITY;
  const take = (record: Uint8Array, from: number) => {
    const type = recordType(record);
    if (type === RecordType.samples || type === RecordType.samplesV2) {
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
  view.eachRecord((record) => take(record, minTime));
  view.eachOutOfOrderRecord((record) => take(record, Number.NEGATIVE_INFINITY));
  return mint > maxt ? undefined : { mint, maxt };
}

/** By metric name, of `metric` alone where it is given; the newest of each series, each once. */
export function logMetadata(view: LogView, metric: string | undefined): Map<string, Metadata[]> {
  const series = new LogSeries([]);
  const decoder = new SeriesDecoder();
  const newest = new Map<number, Metadata>();
  view.eachRecord((record) => {
    const type = recordType(record);
    if (type === RecordType.series) {
      decoder.start(record);
      while (decoder.next()) series.add(decoder, record);
    } else if (type === RecordType.metadata) {
      for (const { ref, metadata } of decodeMetadata(record)) newest.set(series.rows.get(ref), metadata);
    }
  });
  const name = series.symbols.internText(METRIC_NAME);
  const out = new Map<string, Metadata[]>();
  for (const [row, metadata] of newest) {
    const symbol = row < 0 ? -1 : series.value(row, name);
    if (symbol < 0) continue;
    const text = series.symbols.text(symbol);
    if (metric !== undefined && text !== metric) continue;
    const entries = out.get(text);
    if (entries === undefined) out.set(text, [metadata]);
    else if (!entries.some((known) => isSame(known, metadata))) entries.push(metadata);
  }
  return out;
}

/** The exemplars in a range of the series that satisfy one of the lists of matchers, sorted by labels. */
export function logExemplars(
  view: LogView,
  matchers: readonly (readonly Matcher[])[],
  range: TimeRange,
): ExemplarSeries[] {
  const found = new Map<string, ExemplarSeries>();
  for (const list of matchers) {
    const series = new LogSeries(list);
    const decoder = new SeriesDecoder();
    const byRow = new Map<number, ExemplarSeries>();
    view.eachRecord((record) => {
      const type = recordType(record);
      if (type === RecordType.series) {
        decoder.start(record);
        while (decoder.next()) series.add(decoder, record);
      } else if (type === RecordType.exemplars) {
        for (const { ref, exemplar } of decodeExemplars(record)) {
          const row = series.rows.get(ref);
          if (row < 0 || exemplar.t! < range.mint || exemplar.t! > range.maxt) continue;
          const entry = byRow.get(row);
          if (entry === undefined) byRow.set(row, { labels: series.labels(row), exemplars: [exemplar] });
          else entry.exemplars.push(exemplar);
        }
      }
    });
    // A series that satisfies several lists has the same exemplars each time.
    for (const entry of byRow.values()) found.set(entry.labels.toString(), entry);
  }
  const out = [...found.values()].sort((a, b) => a.labels.compare(b.labels));
  for (const entry of out) entry.exemplars.sort((a, b) => a.t! - b.t!);
  return out;
}

function isSame(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
