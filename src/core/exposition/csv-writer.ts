/**
 * Writes samples as comma-separated values (RFC 4180) for spreadsheets and data frames: the series, as PromQL selects
 * it or with a column for each label, the time, the value. `tsdb import` reads it.
 */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { formatApiTimestamp, formatTimestamp } from '../model/timestamp.ts';
import { isStale } from '../model/value.ts';
import { writeValue } from './line-writer.ts';
import { Output } from './output.ts';
import { type ExpositionWriter, noneOmitted, type Omitted, type RowExtras } from './writer.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;

export interface CsvWriterOptions {
  /** Labels that get a column each, in this order; if not given, one column has the series. */
  labels?: readonly string[];
  /** How times are written: milliseconds (the default) or seconds since the epoch, or RFC 3339. */
  times?: 'ms' | 's' | 'rfc3339';
}

/** What other columns are called. */
const RESERVED: readonly string[] = ['series', 'timestamp', 'time', 'value'];

export class CsvWriter implements ExpositionWriter {
  readonly omitted: Omitted = noneOmitted();
  private readonly out = new Output();
  private readonly options: CsvWriterOptions;
  private labels: Labels | undefined = undefined;
  private prefix = new Uint8Array(0);

  constructor(options: CsvWriterOptions = {}) {
    this.options = options;
    const columns = options.labels?.map((name) => (RESERVED.includes(name) ? `label_${name}` : name));
    this.out.utf8(`${[...(columns ?? ['series']).map(field), 'timestamp', 'value'].join(',')}\n`);
  }

  get buffered(): number {
    return this.out.length;
  }

  take(): Uint8Array {
    return this.out.take();
  }

  family(): void {}

  sample(labels: Labels, t: number, vs: Float64Array, row: number, extras?: RowExtras): void {
    if (isStale(vs, row)) {
      this.omitted.staleMarkers++;
      return;
    }
    if (labels !== this.labels) {
      this.labels = labels;
      this.prefix = Buffer.from(this.seriesFields(labels));
    }
    const { out } = this;
    out.copy(this.prefix);
    if (!Number.isNaN(t)) this.time(t);
    out.byte(COMMA);
    writeValue(out, vs[row]);
    out.byte(NEWLINE);
    if (extras === undefined) return;
    this.omitted.exemplars += extras.exemplars.length;
    if (extras.st !== 0) this.omitted.startTimestamps++;
  }

  histogram(_labels: Labels, _t: number, _h: Histogram, _extras?: RowExtras): void {
    this.omitted.histograms++;
  }

  end(): void {}

  /** The fields before the time, each with its comma. */
  private seriesFields(labels: Labels): string {
    const columns = this.options.labels;
    if (columns === undefined) return `"${labels.toString().replaceAll('"', '""')}",`;
    return columns.map((name) => `${field(labels.get(name))},`).join('');
  }

  private time(t: number): void {
    const { out, options } = this;
    if (options.times === 'rfc3339') out.ascii(formatTimestamp(t));
    else if (options.times === 's') out.ascii(formatApiTimestamp(t));
    else out.integer(t);
  }
}

/** Quoted only where it has to be. */
function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
