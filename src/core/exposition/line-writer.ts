/**
 * What the two text formats have in common: a line a sample, under headers that describe families. How a series'
 * lines begin (its name and labels) is worked out once and kept for as long as the series' rows follow one another,
 * or for good where the caller asks for that.
 */

import { type EscapingScheme, escapeExposedName } from '../model/escaping.ts';
import type { Histogram } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { isLegacyLabelName, isLegacyMetricName } from '../model/names.ts';
import { isStale } from '../model/value.ts';
import { Output } from './output.ts';
import type { Family } from './series-table.ts';
import {
  type ExpositionWriter,
  noneOmitted,
  type Omitted,
  type RowExtras,
  type WriterOptions,
} from './writer.ts';

/** The lines that describe a family; `type` and `unit` in the words of the format, '' where there is nothing to say. */
export interface Header {
  name: string;
  type: string;
  help: string;
  unit: string;
}

/** How the lines of one series begin, and the header that has to stand before them. */
export interface SeriesLine {
  labels: Labels;
  family: Family | null;
  name: string;
  header: DeclaredHeader | null;
  prefix: Uint8Array;
}

interface DeclaredHeader extends Header {
  declared: boolean;
}

export abstract class LineWriter implements ExpositionWriter {
  readonly omitted: Omitted = noneOmitted();
  protected readonly out = new Output();
  /** Where the beginning of the last line stands, unless it is kept. */
  private readonly prefix = new Output(256);
  private readonly escaping: EscapingScheme;
  private readonly withTimestamps: boolean;
  private readonly kept: Map<Labels, SeriesLine> | null;
  private readonly headers = new Map<string, DeclaredHeader>();
  private readonly labelNames = new Map<string, { written: string; bare: boolean }>();
  private current: Family | null = null;
  private last: SeriesLine | null = null;

  constructor(options: WriterOptions) {
    this.escaping = options.escaping ?? 'allow-utf-8';
    this.withTimestamps = options.withoutTimestamps !== true;
    this.kept = options.keepSeries === true ? new Map() : null;
  }

  /** The header for samples called `name` of `family`, or null where `name` is none of the family's. */
  protected abstract header(name: string, family: Family): Header | null;
  protected abstract writeHeader(header: Header): void;
  /** `t` in milliseconds. */
  protected abstract writeTime(t: number): void;
  /** Writes, or counts as omitted, what a row has beyond its value. The line is still open. */
  protected abstract writeExtras(line: SeriesLine, t: number, extras: RowExtras): void;
  abstract end(): void;

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
    if (isStale(vs, row)) {
      this.omitted.staleMarkers++;
      return;
    }
    const line = this.lineOf(labels);
    if (line === null) return;
    const out = this.out;
    out.copy(line.prefix);
    writeValue(out, vs[row]);
    const at = this.withTimestamps ? t : Number.NaN;
    if (!Number.isNaN(at)) {
      out.byte(SPACE);
      this.writeTime(at);
    }
    if (extras !== undefined) this.writeExtras(line, at, extras);
    out.byte(NEWLINE);
  }

  histogram(_labels: Labels, _t: number, _h: Histogram, _extras?: RowExtras): void {
    this.omitted.histograms++;
  }

  /** Headers are written anew from here on. */
  protected forgetHeaders(): void {
    for (const header of this.headers.values()) header.declared = false;
  }

  /** Writes name and labels of a series and the space after them, for a sample called `name`. */
  protected writePrefix(target: Output, labels: Labels, name: string, header: Header | null): void {
    let open = false;
    const written = this.escapedSampleName(name, header);
    if (isLegacyMetricName(written)) {
      target.ascii(written);
    } else {
      target.byte(BRACE_OPEN);
      writeQuoted(target, written);
      open = true;
    }
    for (let i = 0; i < labels.size; i++) {
      if (labels.names[i] === METRIC_NAME) continue;
      target.byte(open ? COMMA : BRACE_OPEN);
      open = true;
      this.writeLabelName(target, labels.names[i]);
      target.byte(EQUALS);
      writeQuoted(target, labels.values[i]);
    }
    if (open) target.byte(BRACE_CLOSE);
    target.byte(SPACE);
  }

  /** A family's name as it stands in a header. */
  protected writeFamilyName(name: string): void {
    const written = escapeExposedName(name, this.escaping);
    if (isLegacyMetricName(written)) this.out.ascii(written);
    else writeQuoted(this.out, written);
  }

  /** Label names are few: whether one needs quotes is looked up. */
  private writeLabelName(target: Output, name: string): void {
    let known = this.labelNames.get(name);
    if (known === undefined) {
      const written = escapeExposedName(name, this.escaping);
      known = { written, bare: isLegacyLabelName(written) };
      this.labelNames.set(name, known);
    }
    if (known.bare) target.ascii(known.written);
    else writeQuoted(target, known.written);
  }

  private lineOf(labels: Labels): SeriesLine | null {
    let line = this.last;
    if (line === null || line.labels !== labels || line.family !== this.current) {
      const known = this.kept?.get(labels);
      line = known !== undefined && known.family === this.current ? known : this.newLine(labels);
      if (line === null) return null;
      this.last = line;
    }
    const header = line.header;
    if (header !== null && !header.declared) this.declare(header);
    return line;
  }

  /** Writes a header, which voids another one that said something else of the same name. */
  private declare(header: DeclaredHeader): void {
    const other = this.headers.get(header.name);
    if (other !== undefined) other.declared = false;
    this.headers.set(header.name, header);
    this.writeHeader(header);
    header.declared = true;
  }

  private newLine(labels: Labels): SeriesLine | null {
    const name = labels.get(METRIC_NAME);
    if (name === '') {
      this.omitted.nameless++;
      return null;
    }
    const family = this.current;
    const before = this.last;
    let header: DeclaredHeader | null = null;
    if (before !== null && before.family === family && before.name === name) header = before.header;
    else if (family !== null) header = this.sharedHeader(this.header(name, family));
    this.writePrefix(this.prefix, labels, name, header);
    const prefix = this.prefix.take();
    const line = { labels, family, name, header, prefix: this.kept === null ? prefix : prefix.slice() };
    this.kept?.set(labels, line);
    return line;
  }

  /** The one object for a header, so that it is written once; another one when what it says has changed. */
  private sharedHeader(header: Header | null): DeclaredHeader | null {
    if (header === null) return null;
    const known = this.headers.get(header.name);
    const isSame =
      known !== undefined &&
      known.type === header.type &&
      known.help === header.help &&
      known.unit === header.unit;
    return isSame ? known : { ...header, declared: false };
  }

  /** Escaping changes a family's name; the suffix of a sample follows it as it is. */
  private escapedSampleName(name: string, header: Header | null): string {
    if (header === null || !name.startsWith(header.name)) return escapeExposedName(name, this.escaping);
    return escapeExposedName(header.name, this.escaping) + name.slice(header.name.length);
  }
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** Any value but a stale marker; the bits of other NaNs are lost. */
export function writeValue(out: Output, v: number): void {
  if (Number.isFinite(v)) out.finite(v);
  else if (Number.isNaN(v)) out.ascii('NaN');
  else out.ascii(v > 0 ? '+Inf' : '-Inf');
}

/** `name="value"`; the name is quoted where it has to be. */
export function writePair(out: Output, name: string, value: string): void {
  if (isLegacyLabelName(name)) out.ascii(name);
  else writeQuoted(out, name);
  out.byte(EQUALS);
  writeQuoted(out, value);
}

export function writeQuoted(out: Output, text: string): void {
  out.byte(QUOTE);
  if (!out.plain(text)) out.utf8(escapeText(text, true));
  out.byte(QUOTE);
}

/** Backslashes and line feeds as both formats escape them; double quotes only inside of double quotes. */
export function escapeText(text: string, quotes: boolean): string {
  if (!/[\\\n"]/.test(text)) return text;
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? escaped.replaceAll('"', '\\"') : escaped;
}
