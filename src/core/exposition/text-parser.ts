/**
 * Parses Prometheus' text format, 0.0.4 and 1.0.0 (with quoted names), as Prometheus 3 does
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). What exactly is accepted: docs/format/text.md.
 *
 * Concatenated expositions are one exposition: metadata may be declared again.
 */
import type { MetricType } from '../model/metadata.ts';
import { LineFault, shown } from './line-fault.ts';
import { HASH, LineParser, NEWLINE } from './line-parser.ts';
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
  protected readonly quotedName = /^#[ \t]+(?:HELP|TYPE)[ \t]+"/;

  constructor(table: SeriesTable, options: ParserOptions = {}) {
    super(table, TEXT_SYNTAX, options);
  }

  protected parseLine(pos: number, eol: number): void {
    const at = this.skipBlanks(pos);
    if (at === eol) return;
    if (this.bytes[at] === HASH) this.parseComment(at, eol);
    else this.parseSample(at, eol);
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
        throw new LineFault(
          at,
          `expected a timestamp or the end of the line, got ${shown(bytes, at, bytes.length)}`,
        );
      this.batch.t[row] = Number.NaN;
      return at + 1;
    }
    if (t > MAX_TIME) this.checkInt64(start, at);
    this.batch.t[row] = Math.min(t, MAX_TIME);
    const end = this.skipBlanks(at);
    if (bytes[end] !== NEWLINE)
      throw new LineFault(
        end,
        `expected the end of the line after the timestamp, got ${shown(bytes, end, bytes.length)}`,
      );
    return end + 1;
  }

  /** As good as any other line. */
  protected checkRest(): void {}

  protected finish(): void {}

  private checkInt64(start: number, end: number): void {
    const digits = this.text(start, end, 'the timestamp')
      .replace(/^0+/, '')
      .padStart(MAX_INT64_DIGITS.length, '0');
    if (digits.length > MAX_INT64_DIGITS.length || digits > MAX_INT64_DIGITS)
      throw new LineFault(start, 'the timestamp is out of range');
  }

  /** `pos` is at the hash. Comments that are not metadata are passed over. */
  private parseComment(pos: number, eol: number): void {
    const at = this.skipBlanks(pos + 1);
    const nameAt = this.skipBlanks(at + 4);
    if (at === pos + 1 || nameAt === at + 4) return;
    const keyword = this.keyword(at);
    if (keyword === undefined) return;
    const end = this.parseFamilyName(keyword, nameAt, eol);
    const text = this.text(Math.min(end + 1, eol), eol, keyword === 'HELP' ? 'the help text' : 'the type');
    if (keyword === 'TYPE') {
      const type = TYPES.get(text);
      if (type === undefined)
        throw new LineFault(Math.min(end + 1, eol), `invalid metric type ${JSON.stringify(text)}`);
      this.declare(eol, 'type', type);
    } else if (end === eol || this.skipBlanks(end) > end) this.declare(eol, 'help', unescapeHelp(text));
    // Else the name runs into something else: Prometheus passes over it too.
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
