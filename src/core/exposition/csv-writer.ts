/**
 * Writes samples as comma-separated values (RFC 4180) for spreadsheets and data frames: series, time in milliseconds,
 * value. The series is written as PromQL selects it. Nothing is parsed from this format.
 */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { isStale } from '../model/value.ts';
import { writeValue } from './line-writer.ts';
import { Output } from './output.ts';
import { type ExpositionWriter, noneOmitted, type Omitted, type RowExtras } from './writer.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;

export class CsvWriter implements ExpositionWriter {
  readonly omitted: Omitted = noneOmitted();
  private readonly out = new Output();
  private labels: Labels | undefined = undefined;
  private prefix = new Uint8Array(0);

  constructor() {
    this.out.ascii('series,timestamp,value\n');
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
      this.prefix = Buffer.from(`"${labels.toString().replaceAll('"', '""')}",`);
    }
    const { out } = this;
    out.copy(this.prefix);
    if (!Number.isNaN(t)) out.integer(t);
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
}
