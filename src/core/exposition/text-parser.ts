/**
 * Parses Prometheus' text format, 0.0.4 and 1.0.0 (with quoted names), as Prometheus 3 does
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). What exactly is accepted: docs/format/text.md.
 *
 * Concatenated expositions are one exposition: metadata may be declared again.
 */
import type { MetricType } from '../model/metadata.ts';
import { NO_TIMESTAMP } from './batch.ts';
import { latin1 } from './float-scanner.ts';
import { LineFault, shown } from './line-fault.ts';
import { NEWLINE } from './line-input.ts';
import { HASH, LineParser } from './line-parser.ts';
import type { ParserOptions } from './parser.ts';
import { TEXT_SYNTAX } from './series-scanner.ts';
import type { SeriesTable } from './series-table.ts';

const TYPES = new Map<string, MetricType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
]);

const ZERO = 0x30;
/** Timestamps up to here are exact; Prometheus takes any of 64 bits. */
const MAX_TIME = Number.MAX_SAFE_INTEGER;
const MAX_INT64_DIGITS = '9223372036854775807';

export class TextParser extends LineParser {
  constructor(table: SeriesTable, options: ParserOptions = {}) {
    super(table, TEXT_SYNTAX, options);
  }

  protected parseLine(pos: number, end: number): number {
    const at = this.skipBlanks(pos);
    if (this.bytes[at] === NEWLINE) return at + 1;
    return this.bytes[at] === HASH ? this.parseComment(at, end) : this.parseSample(at, end);
  }

  protected valueStart(pos: number): number {
    return this.skipBlanks(pos);
  }

  protected afterValue(pos: number, row: number): number {
    const { bytes } = this;
    const start = this.skipBlanks(pos);
    let at = start;
    let t = 0;
    for (let digit = bytes[at] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at] - ZERO)
      t = t * 10 + digit;
    if (at === start) {
      if (bytes[at] !== NEWLINE)
        throw new LineFault(at, `expected a timestamp or the end of the line, got ${shown(bytes, at)}`);
      this.batch.t[row] = NO_TIMESTAMP;
      return at + 1;
    }
    if (t > MAX_TIME) this.checkInt64(start, at);
    this.batch.t[row] = Math.min(t, MAX_TIME);
    const end = this.skipBlanks(at);
    if (bytes[end] !== NEWLINE)
      throw new LineFault(end, `expected the end of the line after the timestamp, got ${shown(bytes, end)}`);
    return end + 1;
  }

  /** A last line without a line break is as good as any other. */
  protected checkRest(): void {}

  protected finish(): void {}

  private checkInt64(start: number, end: number): void {
    const digits = latin1(this.bytes, start, end).replace(/^0+/, '').padStart(MAX_INT64_DIGITS.length, '0');
    if (digits.length > MAX_INT64_DIGITS.length || digits > MAX_INT64_DIGITS)
      throw new LineFault(start, 'the timestamp is out of range');
  }

  /** `pos` is at the hash. Comments that are not metadata are passed over. Returns the position behind the line. */
  private parseComment(pos: number, end: number): number {
    const { bytes } = this;
    const at = this.skipBlanks(pos + 1);
    const nameAt = this.skipBlanks(at + 4);
    const keyword = at > pos + 1 && nameAt > at + 4 ? this.keyword(at) : undefined;
    if (keyword === undefined) return bytes.indexOf(NEWLINE, pos) + 1;
    const nameEnd = this.parseFamilyName(keyword, nameAt, end);
    const eol = bytes.indexOf(NEWLINE, nameEnd);
    const textAt = Math.min(nameEnd + 1, eol);
    const text = this.text(textAt, eol, keyword === 'HELP' ? 'the help text' : 'the type');
    if (keyword === 'TYPE') {
      const type = TYPES.get(text);
      if (type === undefined) throw new LineFault(textAt, `invalid metric type ${JSON.stringify(text)}`);
      this.declare(eol, 'type', type);
    } else if (nameEnd === eol || this.skipBlanks(nameEnd) > nameEnd)
      this.declare(eol, 'help', unescapeHelp(text));
    // Else the name runs into something else: Prometheus passes over it too.
    return eol + 1;
  }

  private keyword(at: number): 'HELP' | 'TYPE' | undefined {
    const { bytes } = this;
    const word = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    if (word === 0x48454c50) return 'HELP';
    return word === 0x54595045 ? 'TYPE' : undefined;
  }
}

/** In help texts quotation marks are not escaped. */
function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
