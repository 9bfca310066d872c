/**
 * Parses OpenMetrics text 1.0.0 and 0.0.1
 * (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md) as Prometheus 3 does. What exactly is accepted:
 * docs/format/openmetrics.md.
 */
import type { Labels } from '../model/labels.ts';
import { METRIC_TYPES, type Metadata } from '../model/metadata.ts';
import { ExemplarCache } from './exemplar-cache.ts';
import { latin1, scanFloat } from './float-scanner.ts';
import { LineFault, shown } from './line-fault.ts';
import { NEWLINE } from './line-input.ts';
import { HASH, LineParser, SPACE } from './line-parser.ts';
import { OpenMetricsRules } from './openmetrics-rules.ts';
import type { ParserOptions } from './parser.ts';
import { OPENMETRICS_SYNTAX, SeriesScanner, STRICT_SYNTAX } from './series-scanner.ts';
import type { SeriesTable } from './series-table.ts';
import { StringPool, unescapeText } from './string-pool.ts';

export interface OpenMetricsOptions extends ParserOptions {
  /** After `# EOF` another exposition may follow, in the same stream. */
  concatenated?: boolean;
  /** `_created` samples become start timestamps (see StartTimes); `createParser` looks at this. */
  createdAsStart?: boolean;
  /**
   * Whose verdict counts: `prometheus` accepts what Prometheus 3 does (the default), `strict` what the specification
   * does. A strict parser knows no lines: each goes the long way.
   */
  level?: 'prometheus' | 'strict';
}

const KEYWORD = /^# (HELP(?= )|TYPE(?= )|UNIT(?= )|EOF)/;
const EOF_BYTES = 5;
/** Where the name starts in `# HELP name`. */
const DESCRIPTOR_NAME = 7;
const BRACE_OPEN = 0x7b;
/** Exemplars are forgotten by turns, which end with each exposition, and after so many at the latest. */
const MAX_EXEMPLARS_PER_TURN = 1 << 16;
const MAX_TIME = Number.MAX_SAFE_INTEGER;

/** Milliseconds of a timestamp in seconds, as Prometheus has them: what is below a millisecond is cut off. */
export function millisOf(seconds: number): number {
  const ms = seconds * 1000;
  const nearest = Math.round(ms);
  // What is below a millisecond by the rounding of the product alone must not cost one.
  const t = Math.abs(ms - nearest) < 1e-6 ? nearest : Math.trunc(ms);
  return Math.max(-MAX_TIME, Math.min(t, MAX_TIME));
}

export class OpenMetricsParser extends LineParser {
  private readonly concatenated: boolean;
  private readonly rules: OpenMetricsRules | null;
  /** The line of the last `# EOF`, 0 before it. */
  private eofLine = 0;
  /** Exemplar values and timestamps on their way. */
  private readonly numbers = new Float64Array(2);
  private readonly exemplars = new ExemplarCache();
  /** Apart from the one of series, whose strings are kept. */
  private readonly exemplarStrings = new StringPool();
  private readonly exemplarScanner: SeriesScanner;
  /** The sample's timestamp that was read last, before it was rounded. */
  private seconds = 0;

  constructor(table: SeriesTable, options: OpenMetricsOptions = {}) {
    const strict = options.level === 'strict';
    const syntax = strict ? STRICT_SYNTAX : OPENMETRICS_SYNTAX;
    super(table, syntax, options, strict);
    this.exemplarScanner = new SeriesScanner(this.exemplarStrings, syntax);
    this.rules = strict ? new OpenMetricsRules() : null;
    this.concatenated = options.concatenated ?? false;
  }

  protected parseLine(pos: number, end: number): number {
    const c = this.bytes[pos];
    if (c === NEWLINE) throw new LineFault(pos, 'blank lines are not allowed');
    return c === HASH ? this.parseMetadata(pos, end) : this.parseSample(pos, end);
  }

  protected valueStart(pos: number): number {
    if (this.bytes[pos] !== SPACE)
      throw new LineFault(
        pos,
        `expected a space and a value after the series, got ${shown(this.bytes, pos)}`,
      );
    return pos + 1;
  }

  protected afterValue(pos: number, row: number): number {
    const { bytes, batch } = this;
    if (bytes[pos] !== SPACE || bytes[pos + 1] === NEWLINE)
      throw new LineFault(pos, `expected the end of the line or a timestamp, got ${shown(bytes, pos)}`);
    if (bytes[pos + 1] === HASH) {
      batch.t[row] = Number.NaN;
      return this.exemplar(pos + 1, row);
    }
    const end = this.time('a timestamp', pos + 1, batch.t, row);
    if (bytes[end] === NEWLINE) return end + 1;
    if (bytes[end] === SPACE && bytes[end + 1] === HASH) return this.exemplar(end + 1, row);
    throw new LineFault(end, `expected the end of the line after the timestamp, got ${shown(bytes, end)}`);
  }

  protected override accept(labels: Labels, bound: string | undefined, row: number, pos: number): void {
    const { batch, rules } = this;
    if (rules === null) return;
    const exemplar = batch.exemplars.at(-1);
    rules.sample(
      labels,
      bound,
      batch.v[row],
      Number.isNaN(batch.t[row]) ? Number.NaN : this.seconds,
      exemplar?.row === row ? exemplar.exemplar : undefined,
      pos,
    );
  }

  /** What was cut off may have been part of a number, so that nothing can be said of the line. */
  protected checkRest(rest: Buffer): void {
    if (latin1(rest, 0, Math.min(rest.length, EOF_BYTES + 1)) !== '# EOF' && !this.closed)
      throw new LineFault(rest.length, 'data does not end with # EOF: the last line is cut off');
  }

  protected finish(): void {
    const complete = this.eofLine !== 0 && this.eofLine === this.line - 1;
    if (complete) return;
    throw new LineFault(this.lineStart, 'data does not end with # EOF');
  }

  protected override reset(): void {
    super.reset();
    this.eofLine = 0;
    this.rules?.reset();
  }

  /** Seconds at `pos` into `column[row]` as milliseconds; returns where they end. */
  private time(what: string, pos: number, column: Float64Array, row: number): number {
    const { bytes } = this;
    const end = scanFloat(bytes, pos, column, row);
    if (end < 0 || bytes[end] > SPACE) {
      let wordEnd = pos;
      while (bytes[wordEnd] > SPACE) wordEnd++;
      throw new LineFault(pos, this.floatFault(what, pos, wordEnd));
    }
    if (column === this.batch.t) this.seconds = column[row];
    column[row] = millisOf(column[row]);
    return end;
  }

  /** From the hash on: `# {labels} value [timestamp]`; returns the position behind the line break. */
  private exemplar(pos: number, row: number): number {
    const { bytes, view, numbers, batch } = this;
    const eol = bytes.indexOf(NEWLINE, pos);
    const known = this.exemplars.find(view, pos, eol);
    if (known !== undefined) {
      batch.exemplars.push({ row, exemplar: known });
      return eol + 1;
    }
    if (bytes[pos + 1] !== SPACE || bytes[pos + 2] !== BRACE_OPEN)
      throw new LineFault(pos, 'expected an exemplar, as in " # {trace_id="4bf9"} 0.7"');
    const labelsEnd = this.exemplarScanner.exemplarLabels(bytes, view, pos + 3, eol);
    const labels = this.exemplarScanner.labelsOfExemplar();
    if (bytes[labelsEnd] !== SPACE)
      throw new LineFault(
        labelsEnd,
        `expected a space and a value after the exemplar's labels, got ${shown(bytes, labelsEnd)}`,
      );
    let end = scanFloat(bytes, labelsEnd + 1, numbers, 0);
    if (end < 0 || bytes[end] > SPACE) end = this.floatWord('an exemplar value', labelsEnd + 1, numbers, 0);
    let t: number | undefined;
    if (bytes[end] === SPACE && bytes[end + 1] !== NEWLINE) {
      end = this.time('an exemplar timestamp', end + 1, numbers, 1);
      t = numbers[1];
    }
    if (bytes[end] !== NEWLINE)
      throw new LineFault(end, `expected the end of the line after the exemplar, got ${shown(bytes, end)}`);
    const exemplar = { labels, v: numbers[0], t };
    this.exemplars.add(view, pos, eol, exemplar);
    if (this.exemplars.size >= MAX_EXEMPLARS_PER_TURN) this.endExemplars();
    batch.exemplars.push({ row, exemplar });
    return end + 1;
  }

  /** `pos` is at the hash. Returns the position behind the line. */
  private parseMetadata(pos: number, end: number): number {
    const { bytes } = this;
    const keyword = KEYWORD.exec(latin1(bytes, pos, Math.min(pos + DESCRIPTOR_NAME, end)))?.[1];
    if (keyword === undefined) throw new LineFault(pos, 'expected # HELP, # TYPE, # UNIT or # EOF');
    if (keyword !== 'EOF') return this.parseDescriptor(keyword, pos, end);
    if (bytes[pos + EOF_BYTES] !== NEWLINE)
      throw new LineFault(pos + EOF_BYTES, 'unexpected data after # EOF');
    this.eof(pos);
    return pos + EOF_BYTES + 1;
  }

  private parseDescriptor(keyword: string, pos: number, end: number): number {
    const { bytes } = this;
    const nameEnd = this.parseFamilyName(keyword, pos + DESCRIPTOR_NAME, end);
    if (bytes[nameEnd] !== SPACE)
      throw new LineFault(nameEnd, `expected a space and text after the name in ${keyword}`);
    const start = nameEnd + 1;
    const eol = bytes.indexOf(NEWLINE, nameEnd);
    const text = this.text(start, eol, keyword === 'HELP' ? 'the help text' : 'the text');
    const name = this.familyName;
    if (keyword === 'HELP') this.describe(pos, eol, 'help', unescapeText(text));
    else if (keyword === 'TYPE') {
      if (!(METRIC_TYPES as readonly string[]).includes(text))
        throw new LineFault(start, `invalid metric type ${JSON.stringify(text)}`);
      this.describe(pos, eol, 'type', text);
    } else {
      if (text !== '' && !name.endsWith(`_${text}`))
        throw new LineFault(
          start,
          `unit ${JSON.stringify(text)} is not a suffix of metric ${JSON.stringify(name)}`,
        );
      this.describe(pos, eol, 'unit', text);
    }
    return eol + 1;
  }

  private describe(pos: number, eol: number, key: keyof Metadata, text: string): void {
    this.rules?.metadata(this.familyName, key, text, pos);
    this.declare(eol, key, text);
  }

  private endExemplars(): void {
    this.exemplars.endTurn();
    this.exemplarStrings.clear();
  }

  private eof(pos: number): void {
    this.rules?.end(pos);
    this.endExemplars();
    this.eofLine = this.line;
    this.closed = !this.concatenated;
    this.forgetFamily();
  }
}
