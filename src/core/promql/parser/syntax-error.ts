/**
 * Faults in a query. The message is Prometheus' to the letter (`1:5: parse error: unexpected …`, lines and columns
 * from 1, columns in bytes); what tsmon adds for people is the range, a suggestion, and the query with a mark below.
 */
import { InputError, type Place } from '../../errors.ts';
import type { SourceRange } from './ast.ts';

export class PromQLSyntaxError extends InputError {
  readonly query: string;
  /** What the fault is about, in UTF-8 byte offsets of `query`. */
  readonly range: SourceRange;
  /** How to repair it, as one sentence without a full stop; undefined where there is no good guess. */
  readonly suggestion: string | undefined;

  constructor(reason: string, query: string, range: SourceRange, suggestion?: string) {
    const place = placeIn(query, range.start);
    super('bad_query', reason, place);
    this.name = 'PromQLSyntaxError';
    this.query = query;
    this.range = range;
    this.suggestion = suggestion;
    const at = query === '' ? 'unknown position' : `${place.line}:${place.column}`;
    this.message = `${at}: parse error: ${reason}`;
  }

  /** As part of a file: the place is then the file's, and the position within the query part of the reason. */
  override in(place: Place): InputError {
    return new InputError(this.code, this.message, place);
  }

  /**
   * The line of the query that the fault is in, with its range marked below it, and the suggestion:
   *
   *     sum(rate(foo))
   *              ^^^
   *     add a range, such as foo[5m]
   */
  annotate(): string {
    const lines = [...markedLine(this.query, this.range)];
    if (this.suggestion !== undefined) lines.push(this.suggestion);
    return lines.join('\n');
  }
}

/** A duration expression that has no usable value in the query at hand. Its message begins with its byte range. */
export class DurationError extends InputError {
  readonly range: SourceRange;

  constructor(reason: string, range: SourceRange) {
    super('bad_query', `${range.start}:${range.end}: ${reason}`);
    this.name = 'DurationError';
    this.range = range;
  }
}

/** Line and column, both from 1, of a byte offset. */
export function placeIn(query: string, offset: number): { line: number; column: number } {
  const before = Buffer.from(query).subarray(0, offset);
  let line = 1;
  let lastBreak = -1;
  for (let i = 0; i < before.length; i++) {
    if (before[i] !== 0x0a) continue;
    line++;
    lastBreak = i;
  }
  return { line, column: offset - lastBreak };
}

/** The longest piece of a line that is shown, in characters, and how much of it lies before the mark. */
const SHOWN = 100;
const SHOWN_BEFORE = 60;

/**
 * Two lines of text: the line of `query` in which `range` starts (or a piece of it, where it is long), and carets below the
 * range. Tabs become spaces, so that the carets stand right.
 */
export function markedLine(query: string, range: SourceRange): [string, string] {
  const bytes = Buffer.from(query);
  const lineStart = bytes.subarray(0, range.start).lastIndexOf(0x0a) + 1;
  const nextBreak = bytes.indexOf(0x0a, range.start);
  const lineEnd = nextBreak === -1 ? bytes.length : nextBreak;
  let text = printable(bytes.toString('utf8', lineStart, lineEnd));
  let column = [...bytes.toString('utf8', lineStart, range.start)].length;
  const marked = [...bytes.toString('utf8', range.start, Math.min(range.end, lineEnd))].length;
  if (column > SHOWN_BEFORE) {
    text = `…${text.slice(utf16Length(text, column - SHOWN_BEFORE))}`;
    column = SHOWN_BEFORE + 1;
  }
  if (text.length > SHOWN) text = `${text.slice(0, utf16Length(text, SHOWN))}…`;
  const carets = Math.max(1, Math.min(marked, SHOWN - column));
  return [text, ' '.repeat(column) + '^'.repeat(carets)];
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

/** The UTF-16 length of the first `characters` code points of `text`. */
function utf16Length(text: string, characters: number): number {
  let length = 0;
  let n = 0;
  for (const c of text) {
    if (n++ === characters) break;
    length += c.length;
  }
  return length;
}
