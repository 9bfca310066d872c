/** What a log says, read plainly: the oracle of the tests here. */
import { join } from 'node:path';
import { readBits } from '../../../../src/core/model/index.ts';
import {
  closeLog,
  decodeExemplars,
  decodeMetadata,
  decodeSamples,
  HistogramDecoder,
  isHistogramRecord,
  LogReader,
  openLog,
  RecordType,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../../../../src/core/tsdb/wal/index.ts';

export interface LogContent {
  /** Refs by labels, in the order of their records. */
  refs: Map<string, number[]>;
  /** By labels: `t value`, `t 0xbits` for a NaN, `t histogram count`, in the order of the log. */
  samples: Map<string, string[]>;
  exemplars: Map<string, string[]>;
  metadata: Map<string, string[]>;
}

/** Throws where a record mentions a ref that no series record before it gave out, or gave out twice. */
export function readLogContent(dir: string): LogContent {
  const content: LogContent = {
    refs: new Map(),
    samples: new Map(),
    exemplars: new Map(),
    metadata: new Map(),
  };
  const names = new Map<number, string>();
  const nameOf = (ref: number): string => {
    const name = names.get(ref);
    if (name === undefined) throw new Error(`ref ${ref} is not known`);
    return name;
  };
  const files = openLog(join(dir, 'wal'));
  const reader = new LogReader(files);
  const rows = new SampleRows();
  const bits = new Uint32Array(2);
  while (reader.next()) {
    const { record } = reader;
    const type = recordType(record);
    if (type === RecordType.series) {
      const series = new SeriesDecoder();
      series.start(record);
      while (series.next()) {
        const name = series.labels().toString();
        if (names.has(series.ref)) throw new Error(`ref ${series.ref} is given out twice`);
        names.set(series.ref, name);
        add(content.refs, name, series.ref);
      }
    } else if (type === RecordType.samples) {
      decodeSamples(record, rows);
      for (let row = 0; row < rows.length; row++) {
        readBits(rows.v, row, bits);
        const v = rows.v[row];
        const text = Number.isNaN(v) ? `0x${hex(bits[0])}${hex(bits[1])}` : String(v);
        add(content.samples, nameOf(rows.ref[row]), `${rows.t[row]} ${text}`);
      }
    } else if (isHistogramRecord(type)) {
      const histograms = new HistogramDecoder();
      histograms.begin(record);
      while (histograms.next()) {
        const { count } = histograms.histogram();
        add(content.samples, nameOf(histograms.ref), `${histograms.t} histogram ${count}`);
      }
    } else if (type === RecordType.exemplars) {
      for (const { ref, exemplar } of decodeExemplars(record)) {
        add(content.exemplars, nameOf(ref), `${exemplar.t} ${exemplar.v} ${exemplar.labels}`);
      }
    } else if (type === RecordType.metadata) {
      for (const { ref, metadata } of decodeMetadata(record)) {
        add(content.metadata, nameOf(ref), `${metadata.type} ${metadata.unit} ${metadata.help}`);
      }
    }
  }
  closeLog(files);
  return content;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
