/**
 * Writes tsmon's JSON Lines (docs/format/jsonl.md): the one format that carries everything. Rows of one series that
 * follow one another share a line.
 */
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram, Span } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { NORMAL_NAN_BITS, readBits, STALE_NAN_BITS } from '../model/value.ts';
import { counterResetWord } from './jsonl-histogram.ts';
import { Output } from './output.ts';
import type { Family } from './series-table.ts';
import {
  type ExpositionWriter,
  noneOmitted,
  type Omitted,
  type RowExtras,
  type WriterOptions,
} from './writer.ts';

/** A stretch is cut here, so that no line grows without bound. */
const MAX_ROWS = 2000;

type Kind = 'values' | 'histograms';

export class JsonlWriter implements ExpositionWriter {
  readonly omitted: Omitted = noneOmitted();
  private readonly out = new Output();
  /** The columns of the stretch that is being written, without their brackets. */
  private readonly rows = new Output(4096);
  private readonly times = new Output(4096);
  private readonly starts = new Output(256);
  private readonly exemplars = new Output(256);
  private readonly kept: Map<Labels, Uint8Array> | null;
  private readonly withTimestamps: boolean;
  private readonly scratch = new Output(256);
  private current: Family | null = null;
  private labels: Labels | null = null;
  private stretchFamily: Family | null = null;
  private kind: Kind = 'values';
  private length = 0;
  private hasTime = false;
  private hasStart = false;
  private keys: Uint8Array = new Uint8Array(0);
  private keysFamily: Family | null = null;
  private keysAreNamed = false;

  constructor(options: WriterOptions) {
    this.withTimestamps = options.withoutTimestamps !== true;
    this.kept = options.keepSeries === true ? new Map() : null;
  }

  get buffered(): number {
    return this.out.length;
  }

  take(): Uint8Array {
    return this.out.take();
  }

  family(family: Family | null): void {
    this.current = family;
  }

  sample(labels: Labels, t: number, vs: Float64Array, row: number, extras?: RowExtras): void {
    this.begin(labels, 'values');
    writeJsonValue(this.rows, vs, row);
    this.finishRow(t, extras);
  }

  histogram(labels: Labels, t: number, h: Histogram, extras?: RowExtras): void {
    this.begin(labels, 'histograms');
    writeHistogram(this.rows, h);
    this.finishRow(t, extras);
  }

  end(): void {
    this.flush();
  }

  private begin(labels: Labels, kind: Kind): void {
    const same = this.labels === labels && this.kind === kind && this.stretchFamily === this.current;
    if (!same || this.length === MAX_ROWS) {
      this.flush();
      this.labels = labels;
      this.kind = kind;
      this.stretchFamily = this.current;
    }
    if (this.length === 0) return;
    this.rows.byte(COMMA);
    this.times.byte(COMMA);
    this.starts.byte(COMMA);
  }

  private finishRow(t: number, extras: RowExtras | undefined): void {
    if (this.withTimestamps && !Number.isNaN(t)) {
      this.hasTime = true;
      this.times.integer(t);
    } else {
      this.times.ascii('null');
    }
    const st = extras === undefined ? 0 : extras.st;
    if (st !== 0) this.hasStart = true;
    this.starts.integer(st);
    if (extras !== undefined) for (const exemplar of extras.exemplars) this.writeExemplar(exemplar);
    this.length++;
  }

  /** Writes the stretch as a line. */
  private flush(): void {
    if (this.length === 0) return;
    const out = this.out;
    out.ascii('{"metric":');
    out.copy(this.metricOf(this.labels!));
    out.ascii(this.kind === 'values' ? ',"values":[' : ',"histograms":[');
    out.copy(this.rows.take());
    writeColumn(out, ',"timestamps":[', this.times, this.hasTime);
    writeColumn(out, ',"start_timestamps":[', this.starts, this.hasStart);
    writeColumn(out, ',"exemplars":[', this.exemplars, this.exemplars.length > 0);
    out.byte(BRACKET_CLOSE);
    if (this.stretchFamily !== null) this.writeFamily(this.stretchFamily, this.labels!);
    out.ascii('}\n');
    this.length = 0;
    this.hasTime = false;
    this.hasStart = false;
  }

  /** What is known of the family, as keys after the columns; families keep these bytes from row to row. */
  private writeFamily(family: Family, labels: Labels): void {
    const isNamed = family.name === labels.get(METRIC_NAME);
    if (this.keysFamily !== family || this.keysAreNamed !== isNamed) {
      this.keysFamily = family;
      this.keysAreNamed = isNamed;
      writeFamilyKeys(this.scratch, family, isNamed);
      this.keys = this.scratch.take().slice();
    }
    this.out.copy(this.keys);
  }

  private writeExemplar(exemplar: Exemplar): void {
    const out = this.exemplars;
    if (out.length > 0) out.byte(COMMA);
    out.ascii('{"row":');
    out.integer(this.length);
    out.ascii(',"labels":');
    writeLabels(out, exemplar.labels);
    out.ascii(',"value":');
    writeNumber(out, exemplar.v);
    if (exemplar.t !== undefined) {
      out.ascii(',"timestamp":');
      out.integer(exemplar.t);
    }
    out.byte(BRACE_CLOSE);
  }

  private metricOf(labels: Labels): Uint8Array {
    const known = this.kept?.get(labels);
    if (known !== undefined) return known;
    writeLabels(this.scratch, labels);
    const bytes = this.scratch.take();
    if (this.kept === null) return bytes;
    const owned = bytes.slice();
    this.kept.set(labels, owned);
    return owned;
  }
}

const COMMA = 0x2c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const QUOTE = 0x22;

const bits = new Uint32Array(2);

/** Ends the column before and begins this one; a column that says nothing is dropped. */
function writeColumn(out: Output, key: string, column: Output, wanted: boolean): void {
  const bytes = column.take();
  if (!wanted) return;
  out.byte(BRACKET_CLOSE);
  out.ascii(key);
  out.copy(bytes);
}

/** A value of a column with all its bits: a number, or one of the words of docs/format/jsonl.md. */
function writeJsonValue(out: Output, vs: Float64Array, row: number): void {
  const v = vs[row];
  if (!Number.isNaN(v)) {
    writeNumber(out, v);
    return;
  }
  readBits(vs, row, bits);
  const [high, low] = bits;
  if (high === STALE_NAN_BITS.high && low === STALE_NAN_BITS.low) out.ascii('"stale"');
  else if (high === NORMAL_NAN_BITS.high && low === NORMAL_NAN_BITS.low) out.ascii('"NaN"');
  else out.ascii(`"NaN:${hex(high)}${hex(low)}"`);
}

/** A number whose NaN bits do not matter. */
function writeNumber(out: Output, v: number): void {
  if (Number.isFinite(v)) out.finite(v);
  else if (Number.isNaN(v)) out.ascii('"NaN"');
  else out.ascii(v > 0 ? '"Infinity"' : '"-Infinity"');
}

function writeHistogram(out: Output, h: Histogram): void {
  out.ascii('{"schema":');
  out.integer(h.schema);
  out.ascii(',"count":');
  writeNumber(out, h.count);
  out.ascii(',"sum":');
  if (h.stale) out.ascii('"stale"');
  else writeNumber(out, h.sum);
  if (h.isFloat) out.ascii(',"float":true');
  if (h.counterReset !== 0) out.ascii(`,"counter_reset":"${counterResetWord(h.counterReset)}"`);
  if (h.zeroThreshold !== 0) {
    out.ascii(',"zero_threshold":');
    writeNumber(out, h.zeroThreshold);
  }
  if (h.zeroCount !== 0) {
    out.ascii(',"zero_count":');
    writeNumber(out, h.zeroCount);
  }
  writeBuckets(out, 'positive', h.positiveSpans, h.positiveBuckets);
  writeBuckets(out, 'negative', h.negativeSpans, h.negativeBuckets);
  if (h.customValues.length > 0) writeNumbers(out, ',"custom_values":', h.customValues);
  out.byte(BRACE_CLOSE);
}

function writeBuckets(out: Output, side: string, spans: readonly Span[], buckets: Float64Array): void {
  if (spans.length === 0) return;
  out.ascii(`,"${side}_spans":[`);
  for (let i = 0; i < spans.length; i++) {
    out.ascii(i === 0 ? '[' : ',[');
    out.integer(spans[i].offset);
    out.byte(COMMA);
    out.integer(spans[i].length);
    out.byte(BRACKET_CLOSE);
  }
  out.byte(BRACKET_CLOSE);
  writeNumbers(out, `,"${side}_buckets":`, buckets);
}

function writeNumbers(out: Output, key: string, vs: Float64Array): void {
  out.ascii(key);
  out.byte(BRACKET_OPEN);
  for (let i = 0; i < vs.length; i++) {
    if (i > 0) out.byte(COMMA);
    writeJsonValue(out, vs, i);
  }
  out.byte(BRACKET_CLOSE);
}

/** `isNamed`: the series is called as its family is. */
function writeFamilyKeys(out: Output, family: Family, isNamed: boolean): void {
  if (!isNamed) {
    out.ascii(',"family":');
    writeString(out, family.name);
  }
  out.ascii(`,"type":"${family.type}"`);
  if (family.help !== '') {
    out.ascii(',"help":');
    writeString(out, family.help);
  }
  if (family.unit === '') return;
  out.ascii(',"unit":');
  writeString(out, family.unit);
}

function writeLabels(out: Output, labels: Labels): void {
  const { names, values } = labels;
  out.byte(BRACE_OPEN);
  for (let i = 0; i < names.length; i++) {
    if (i > 0) out.byte(COMMA);
    writeString(out, names[i]);
    out.ascii(':');
    writeString(out, values[i]);
  }
  out.byte(BRACE_CLOSE);
}

function writeString(out: Output, text: string): void {
  out.byte(QUOTE);
  if (out.plain(text)) {
    out.byte(QUOTE);
    return;
  }
  out.length--;
  out.utf8(JSON.stringify(text));
}

function hex(half: number): string {
  return half.toString(16).padStart(8, '0');
}
