/**
 * What the two line formats, Prometheus text and OpenMetrics, have in common: pieces of input made into lines, the
 * quick way for lines that are known from the last pass, and faults with their place.
 *
 * The quick way (`runKnown`): the line cache foresees which line comes next. Where the bytes agree, a metadata line is
 * done, and of a sample only the value and the timestamp are left to read, into the batch's columns. No string and no
 * object is made. A line that was not foreseen is looked up by its bytes, and only one that is new is parsed.
 */
import { InputError } from '../errors.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata, MetricType } from '../model/metadata.ts';
import { parseSampleFloat } from '../model/number.ts';
import { Batch, NO_TIMESTAMP } from './batch.ts';
import { tail } from './byte-table.ts';
import { isOfFamily } from './family-suffix.ts';
import { latin1, scanFloat } from './float-scanner.ts';
import { LineCache, NO_LINE, NO_METADATA } from './line-cache.ts';
import { LineFault, shown, utf8Fault } from './line-fault.ts';
import {
  BAD_EXPOSITION,
  DEFAULT_MAX_RECORD_BYTES,
  type ExpositionParser,
  type ParserOptions,
} from './parser.ts';
import { ANY_NAME, Bounds, nameEnd, SeriesScanner, type SeriesSyntax } from './series-scanner.ts';
import type { SeriesTable } from './series-table.ts';
import { decode, StringPool, unescapeText } from './string-pool.ts';

const TAB = 0x09;
export const NEWLINE = 0x0a;
export const SPACE = 0x20;
const QUOTE = 0x22;
export const HASH = 0x23;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const NO_FAMILY = -1;
/** In LineCache.contexts: the labels have no bound in them. */
const ANY_CONTEXT = 0;
/** What a message shows of a wrong value. */
const MAX_SHOWN_BYTES = 60;
/** More strings than the lines can hold are not theirs. */
const MAX_STRINGS_PER_LINE = 64;
/** Where the name starts in `# HELP name`. */
const METADATA_NAME = 7;
const NO_BYTES = new Uint8Array(0);

/** What a known metadata line says of which family. */
interface KnownMetadata {
  family: number;
  key: keyof Metadata;
  text: string;
}

export abstract class LineParser implements ExpositionParser {
  protected readonly table: SeriesTable;
  protected readonly scanner: SeriesScanner;
  /** The piece that is being parsed. */
  protected bytes: Uint8Array = NO_BYTES;
  protected view: DataView = new DataView(new ArrayBuffer(0));
  protected batch: Batch = new Batch();
  /** What the last metadata line was about. */
  protected family = NO_FAMILY;
  /** What parseFamilyName read. */
  protected familyName = '';
  /** Where the line that is being parsed starts, and its number. */
  protected lineStart = 0;
  protected line = 1;
  /** The input is complete: anything more is a fault. */
  protected closed = false;
  private bounds: Bounds = Bounds.none;
  private readonly pool = new StringPool();
  private readonly cache = new LineCache();
  private metadata: KnownMetadata[] = [];
  /** The ends of the cache's chains. */
  private lastSample: number = NO_LINE;
  private lastMetadata: number = NO_METADATA;
  private linesOfPass = 0;
  private evictions: number;
  /** Where what identifies the line that is being parsed ends (see keyEnd), and its number, if it has one yet. */
  private keyEndOfLine = -1;
  private numberOfLine: number = NO_LINE;
  private readonly maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  private held: Uint8Array = NO_BYTES;
  private heldBytes = 0;
  /** Below this many held bytes another attempt at a line with line breaks within quotes is not worth it. */
  private retryBytes = 0;

  /** Every line goes the long way: for checks that look at each. */
  private readonly uncached: boolean;
  private readonly loose: boolean;
  private readonly quotedNames: boolean;

  protected constructor(
    table: SeriesTable,
    syntax: SeriesSyntax,
    options: ParserOptions,
    uncached: boolean = false,
  ) {
    this.table = table;
    this.loose = syntax.loose;
    this.quotedNames = syntax.extended;
    this.uncached = uncached;
    this.evictions = table.evictions;
    this.scanner = new SeriesScanner(this.pool, syntax);
    this.maxLineBytes = options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES;
  }

  /** Parses the line [pos, eol), which no known line is; `bytes[eol]` is its line break. Throws LineFault. */
  protected abstract parseLine(pos: number, eol: number): void;

  /**
   * Reads what follows the value of row `row`, from `pos` (not a line break) to the end of the line, writes the row's
   * time, and returns the position behind the line break. Throws LineFault.
   */
  protected abstract afterValue(pos: number, row: number): number;

  /** Where the quoted name of a metadata line starts: behind what this matches. */
  protected abstract readonly quotedName: RegExp;

  /** The input ends with the line `rest`, which has no line break. Throws LineFault if that is not allowed. */
  protected abstract checkRest(rest: Uint8Array): void;

  /** The input is over; throws LineFault if something is missing. */
  protected abstract finish(): void;

  write(bytes: Uint8Array, batch: Batch): void {
    this.batch = batch;
    try {
      this.dropEvicted();
      const from = this.heldBytes === 0 ? 0 : this.finishHeld(bytes);
      if (from < bytes.length) this.hold(bytes, this.run(bytes, from, bytes.lastIndexOf(NEWLINE) + 1));
    } catch (error) {
      throw this.explained(error);
    }
  }

  end(batch: Batch): void {
    this.batch = batch;
    try {
      if (this.heldBytes > 0) this.parseRest();
      this.finish();
    } catch (error) {
      throw this.explained(error);
    }
    this.reset();
  }

  /** Makes the parser ready for the next input; what it knows of lines and series stays. */
  protected reset(): void {
    this.bytes = NO_BYTES;
    this.forgetFamily();
    this.line = 1;
    this.lineStart = 0;
    this.closed = false;
    this.heldBytes = 0;
    this.retryBytes = 0;
    if (this.cache.endPass(this.linesOfPass)) this.compactMetadata();
    // Lines with faults may leave strings that no series has.
    if (this.pool.size > MAX_STRINGS_PER_LINE * (this.cache.size + 64)) this.pool.clear();
    this.linesOfPass = 0;
    this.lastSample = NO_LINE;
    this.lastMetadata = NO_METADATA;
  }

  /** What metadata said no longer holds for the samples to come. */
  protected forgetFamily(): void {
    this.family = NO_FAMILY;
    this.bounds = Bounds.none;
  }

  /** Parses the lines in [from, end), which is behind a line break; returns where an unfinished one starts. */
  private run(bytes: Uint8Array, from: number, end: number): number {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let pos = from;
    while (pos < end) {
      if (this.closed) throw new LineFault((this.lineStart = pos), 'unexpected data after # EOF');
      pos = this.runKnown(pos, end);
      if (pos >= end) break;
      const next = this.runOther(pos, end);
      if (next < 0) break;
      pos = next;
    }
    return pos;
  }

  /** Parses lines from `pos` on as long as they are the ones foreseen; returns where the first other one starts. */
  private runKnown(from: number, end: number): number {
    const { bytes, view, batch, cache, table } = this;
    const { targets, contexts, next, seen, pass } = cache;
    const { offsets, lengths, words } = cache.keys;
    const { seen: seriesSeen, generation } = table;
    let { series, t, v } = batch;
    let room = series.length;
    let row = batch.length;
    let context = this.bounds + 1;
    let pos = from;
    let { lastSample, lastMetadata } = this;
    const firstLine = this.line;
    let line = firstLine;
    while (pos < end) {
      const known = next[bytes[pos] === HASH ? lastMetadata : lastSample];
      let at = pos + lengths[known];
      if (at > end) break;
      let word = offsets[known];
      let p = pos;
      for (const whole = at - 3; p < whole; p += 4) if (view.getInt32(p, true) !== words[word++]) break;
      if (at - p > 3 || (at > p && tail(view, p, at) !== words[word])) break;
      const target = targets[known];
      if (target < 0) {
        this.applyMetadata(this.metadata[-1 - target]);
        context = this.bounds + 1;
        lastMetadata = known;
      } else {
        const readUnder = contexts[known];
        if (readUnder !== ANY_CONTEXT && readUnder !== context) break;
        if (row === room) {
          batch.reserve(row + 1);
          ({ series, t, v } = batch);
          room = series.length;
        }
        const after = scanFloat(bytes, at, v, row);
        if (after >= 0 && bytes[after] === NEWLINE) {
          t[row] = NO_TIMESTAMP;
          at = after + 1;
        } else {
          batch.length = row;
          this.lineStart = pos;
          this.line = line;
          at = this.afterSeries(at, after, row);
        }
        series[row] = target;
        seriesSeen[target] = generation;
        if (batch.st !== null) batch.st[row] = 0;
        row++;
        lastSample = known;
      }
      seen[known] = pass;
      pos = at;
      line++;
    }
    batch.length = row;
    this.linesOfPass += line - firstLine;
    this.line = line;
    this.lastSample = lastSample;
    this.lastMetadata = lastMetadata;
    return pos;
  }

  /** Parses the line at `pos` in whichever way; returns where the next one starts, or -1 if it is not finished. */
  private runOther(pos: number, end: number): number {
    const { cache, bytes } = this;
    const keyEnd = this.keyEnd(pos, end);
    let known: number = NO_LINE;
    if (keyEnd > 0) {
      known = cache.find(this.view, pos, keyEnd);
      const last = bytes[pos] === HASH ? this.lastMetadata : this.lastSample;
      if (known !== NO_LINE && known !== cache.next[last]) {
        cache.next[last] = known;
        const after = this.runKnown(pos, end);
        if (after > pos) return after;
      }
    }
    const eol = this.lineEnd(pos, keyEnd, end);
    if (eol < 0) return -1;
    this.lineStart = pos;
    this.keyEndOfLine = keyEnd;
    this.numberOfLine = known;
    this.parseLine(pos, eol);
    this.line += keyEnd > 0 ? 1 : this.lineBreaks(pos, eol + 1);
    this.linesOfPass++;
    return eol + 1;
  }

  /** Parses a sample whose series starts at `pos`, and adds its row. Throws LineFault. */
  protected parseSample(pos: number, eol: number): void {
    const { bytes, batch, table, scanner } = this;
    const seriesEnd = scanner.series(bytes, this.view, pos, eol);
    const context = scanner.hasBound ? this.bounds + 1 : ANY_CONTEXT;
    const labels = scanner.labels(this.bounds, pos);
    const { empty, writtenBound } = scanner;
    const row = batch.length;
    batch.reserve(row + 1);
    const valueAt = this.valueStart(seriesEnd, eol);
    this.afterSeries(valueAt, scanFloat(bytes, valueAt, batch.v, row), row);
    this.accept(labels, writtenBound, row, pos);
    const family = this.family;
    const isCurrent = family >= 0 && isOfFamily(labels.get(METRIC_NAME), table.families[family]);
    const id = table.intern(labels, isCurrent ? family : NO_FAMILY);
    if (empty.length > 0) table.emptyLabels.set(id, empty);
    batch.series[row] = id;
    if (batch.st !== null) batch.st[row] = 0;
    batch.length = row + 1;
    if (this.keyEndOfLine === seriesEnd + 1) this.remember(seriesEnd + 1, id, context);
  }

  /**
   * Looks at a sample that was parsed, from row `row`; `pos` is where it starts, `bound` its bound as it was written,
   * where that is not what is among the labels. Throws LineFault to refuse it.
   */
  protected accept(_labels: Labels, _bound: string | undefined, _row: number, _pos: number): void {}

  /** Where the value starts, after a series that ends at `pos`. Throws LineFault. */
  protected abstract valueStart(pos: number, eol: number): number;

  /** Reads a family's name, bare or quoted, into `familyName`; returns the position behind it. Throws LineFault. */
  protected parseFamilyName(keyword: string, pos: number, eol: number): number {
    const { bytes } = this;
    const quoted = bytes[pos] === QUOTE && this.quotedNames;
    const end = quoted ? this.quotedEnd(pos, eol) : nameEnd(bytes, pos, ANY_NAME);
    if (end < 0) throw new LineFault(pos, 'the name is not closed: its quotation mark is missing');
    if (end === pos)
      throw new LineFault(pos, `expected a metric name after ${keyword}, got ${shown(bytes, pos, eol)}`);
    const text = this.text(quoted ? pos + 1 : pos, quoted ? end - 1 : end, 'the name');
    this.familyName = quoted ? unescapeText(text) : text;
    return end;
  }

  /** Enters what the metadata line that ends at `eol` says of the family named `familyName`. */
  protected declare(eol: number, key: keyof Metadata, text: string): void {
    const known = { family: this.table.declare(this.familyName, { [key]: text }), key, text };
    this.applyMetadata(known);
    if (this.keyEndOfLine !== eol + 1) return;
    this.metadata.push(known);
    this.remember(eol + 1, -this.metadata.length, ANY_CONTEXT);
  }

  /** Bytes [start, end) as text. Throws LineFault. */
  protected text(start: number, end: number, what: string): string {
    const text = decode(this.view, start, end);
    if (text === undefined) throw utf8Fault(this.bytes, start, end, what);
    return text;
  }

  private applyMetadata(known: KnownMetadata): void {
    const family = this.table.families[known.family];
    if (family[known.key] !== known.text) this.table.declare(family.name, { [known.key]: known.text });
    this.family = known.family;
    if (known.key === 'type') this.bounds = boundsOf(known.text as MetricType);
  }

  /** Keeps the line that is being parsed as a known one. */
  private remember(keyEnd: number, target: number, context: number): void {
    if (this.uncached) return;
    const { cache } = this;
    const line = cache.bind(this.numberOfLine, this.view, this.lineStart, keyEnd, target, context);
    if (target < 0) {
      cache.next[this.lastMetadata] = line;
      this.lastMetadata = line;
    } else {
      cache.next[this.lastSample] = line;
      this.lastSample = line;
    }
  }

  /**
   * Reads value and time of row `row`. `pos` is where the value starts, `after` where a plain number there ends, or
   * -1. Returns the position behind the line break. Throws LineFault.
   */
  private afterSeries(pos: number, after: number, row: number): number {
    const end = after >= 0 && this.bytes[after] <= SPACE ? after : this.word(pos, row);
    if (this.bytes[end] !== NEWLINE) return this.afterValue(end, row);
    this.batch.t[row] = NO_TIMESTAMP;
    return end + 1;
  }

  /** Reads a value that is no plain number into row `row`; returns where it ends. */
  private word(pos: number, row: number): number {
    const start = this.skipBlanks(pos);
    const { bytes, batch } = this;
    const isNaNWord = bytes[start] === 0x4e && bytes[start + 1] === 0x61 && bytes[start + 2] === 0x4e;
    const end =
      isNaNWord && bytes[start + 3] <= SPACE ? start + 3 : this.floatWord('a value', start, batch.v, row);
    if (isNaNWord || Number.isNaN(batch.v[row])) batch.writeNaN(row);
    return end;
  }

  /** Reads `NaN`, `+Inf` and whatever else is a float for Go into `out[row]`; returns where it ends. Throws LineFault. */
  protected floatWord(what: string, pos: number, out: Float64Array, row: number): number {
    const { bytes } = this;
    let end = pos;
    while (bytes[end] > SPACE && bytes[end] !== BRACE_OPEN) end++;
    const v = parseSampleFloat(latin1(bytes, pos, end));
    if (v === undefined) throw new LineFault(pos, this.floatFault(what, pos, end));
    out[row] = v;
    return end;
  }

  /** What is wrong with bytes [start, end), which should be `what` ("a value"). */
  protected floatFault(what: string, start: number, end: number): string {
    if (start === end) return `expected ${what}, got ${shown(this.bytes, start, this.bytes.length)}`;
    const text = latin1(this.bytes, start, Math.min(end, start + MAX_SHOWN_BYTES));
    const fault = `invalid ${what.replace(/^an? /, '')} ${JSON.stringify(text)}`;
    if (/[pP_]/.test(text)) return `${fault}: unsupported character in float`;
    const tooGreat = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    return `${fault}: ${tooGreat ? 'out of the range of a float' : 'not a number'}`;
  }

  protected skipBlanks(pos: number): number {
    let at = pos;
    if (this.loose) while (this.bytes[at] === SPACE || this.bytes[at] === TAB) at++;
    return at;
  }

  /**
   * Where what identifies the line at `pos` ends: behind the blank after a series, behind the line break of metadata.
   * -1 where it cannot be a known line.
   */
  private keyEnd(pos: number, end: number): number {
    const { bytes } = this;
    if (bytes[pos] === HASH) return this.metadataEnd(pos, end);
    let at = pos;
    while (bytes[at] > SPACE && bytes[at] !== BRACE_OPEN) at++;
    if (bytes[at] === BRACE_OPEN) {
      for (at++; bytes[at] !== BRACE_CLOSE; at++) {
        if (bytes[at] === QUOTE) {
          for (at++; bytes[at] !== QUOTE && bytes[at] !== NEWLINE; at++) {
            if (bytes[at] === BACKSLASH && bytes[at + 1] !== NEWLINE) at++;
          }
        }
        if (bytes[at] === NEWLINE) return -1;
      }
      at++;
    } else if (at === pos || bytes[this.skipBlanks(at)] === BRACE_OPEN) return -1;
    return bytes[at] === SPACE || bytes[at] === TAB ? at + 1 : -1;
  }

  /** As keyEnd, for a line that starts with a hash: `# HELP name text` and its like. */
  private metadataEnd(pos: number, end: number): number {
    const { bytes } = this;
    const name = pos + METADATA_NAME;
    if (bytes[pos + 1] !== SPACE || bytes[name - 1] !== SPACE || bytes[name] <= SPACE) return -1;
    const newline = bytes.indexOf(NEWLINE, pos);
    if (newline < name) return -1;
    if (bytes[name] !== QUOTE) return newline + 1;
    const nameEnd = this.quotedEnd(name, end);
    return nameEnd < 0 || nameEnd > newline ? -1 : newline + 1;
  }

  /** Where the line at `pos` ends, which may hold line breaks between quotation marks; -1 if not before `end`. */
  private lineEnd(pos: number, keyEnd: number, end: number): number {
    const { bytes } = this;
    if (keyEnd > 0) {
      let at = keyEnd - 1;
      while (bytes[at] !== NEWLINE) at++;
      return at;
    }
    let at = this.skipBlanks(pos);
    if (bytes[at] === HASH) {
      const name = this.quotedName.exec(latin1(bytes, at, Math.min(at + MAX_SHOWN_BYTES, end)));
      if (name !== null) at = this.quotedEnd(at + name[0].length - 1, end);
      return at < 0 ? -1 : bytes.indexOf(NEWLINE, at);
    }
    let inBlock = false;
    for (; at < end; at++) {
      const c = bytes[at];
      if (c === NEWLINE) return at;
      if (c === BRACE_OPEN) inBlock = true;
      else if (c === BRACE_CLOSE) inBlock = false;
      else if (c === QUOTE && inBlock) {
        at = this.quotedEnd(at, end) - 1;
        if (at < 0) return -1;
      }
    }
    return -1;
  }

  /** Behind the quoted text that starts at `pos`; -1 if it does not end before `end`. */
  private quotedEnd(pos: number, end: number): number {
    const { bytes } = this;
    for (let at = pos + 1; at < end; at++) {
      if (bytes[at] === QUOTE) return at + 1;
      if (bytes[at] === BACKSLASH) at++;
    }
    return -1;
  }

  private lineBreaks(start: number, end: number): number {
    let count = 0;
    for (let at = start; at < end; at++) if (this.bytes[at] === NEWLINE) count++;
    return count;
  }

  /** Goes on with the line that was not finished; returns how many of `bytes` that took. */
  private finishHeld(bytes: Uint8Array): number {
    const newline = bytes.indexOf(NEWLINE);
    const first = newline < 0 ? bytes.length : newline + 1;
    this.keep(bytes, 0, first);
    if (newline < 0) return first;
    if (this.retryBytes === 0) {
      if (this.runHeld() === 0) return first;
    }
    // The line break stands within quotation marks, and the line may go on for long.
    this.keep(bytes, first, bytes.length);
    if (this.heldBytes >= this.retryBytes) this.retryBytes = 2 * this.runHeld();
    return bytes.length;
  }

  /** Parses the held lines; returns how many bytes stay. */
  private runHeld(): number {
    const { held } = this;
    const used = this.run(held, 0, held.lastIndexOf(NEWLINE, this.heldBytes - 1) + 1);
    this.heldBytes -= used;
    held.copyWithin(0, used, used + this.heldBytes);
    this.lineStart = 0;
    return this.heldBytes;
  }

  private hold(bytes: Uint8Array, from: number): void {
    if (from < bytes.length) this.keep(bytes, from, bytes.length);
  }

  private keep(bytes: Uint8Array, from: number, to: number): void {
    const size = this.heldBytes + to - from;
    if (size > this.maxLineBytes) {
      throw new LineFault((this.lineStart = 0), `the line is longer than ${this.maxLineBytes} bytes`);
    }
    if (size > this.held.length) this.widenHeld(Math.max(size, this.held.length * 2, 1024));
    this.held.set(bytes.subarray(from, to), this.heldBytes);
    this.heldBytes = size;
  }

  private widenHeld(size: number): void {
    const wider = new Uint8Array(size);
    wider.set(this.held.subarray(0, this.heldBytes));
    this.held = wider;
  }

  /** Parses what is held: lines that were not worth an attempt, and a last one without a line break. */
  private parseRest(): void {
    if (this.retryBytes > 0 && this.runHeld() === 0) return;
    this.bytes = this.held.subarray(0, this.heldBytes);
    this.lineStart = 0;
    this.checkRest(this.bytes);
    if (this.heldBytes === this.held.length) this.widenHeld(this.heldBytes + 1);
    this.held[this.heldBytes++] = NEWLINE;
    if (this.runHeld() === 0) return;
    // Quotation marks are open: parsing the rest as one line says which.
    this.parseLine(0, this.heldBytes - 1);
    throw new Error('an unfinished line was parsed');
  }

  /** Gives a fault its place. */
  private explained(error: unknown): unknown {
    if (!(error instanceof LineFault)) return error;
    const { exemplars, length } = this.batch;
    while (exemplars.length > 0 && exemplars[exemplars.length - 1].row >= length) exemplars.pop();
    const before = this.bytes.subarray(this.lineStart, error.at);
    const line = this.line + this.lineBreaks(this.lineStart, error.at);
    const column = before.length - before.lastIndexOf(NEWLINE);
    this.reset();
    return new InputError(BAD_EXPOSITION, error.message, { line, column });
  }

  /** Forgets lines whose series the table has evicted. */
  private dropEvicted(): void {
    const { table, cache, evictions } = this;
    if (table.evictions === evictions) return;
    this.evictions = table.evictions;
    cache.drop((line) => {
      const id = cache.targets[line];
      return id < 0 || (table.seen[id] !== 0 && table.born[id] <= evictions);
    });
    this.compactMetadata();
  }

  /** Follows the cache, which has dropped lines, in what is kept beside it. */
  private compactMetadata(): void {
    const { cache } = this;
    const kept: KnownMetadata[] = [];
    cache.forEach((line) => {
      if (cache.targets[line] >= 0) return;
      kept.push(this.metadata[-1 - cache.targets[line]]);
      cache.targets[line] = -kept.length;
    });
    this.metadata = kept;
    this.pool.clear();
    this.lastSample = NO_LINE;
    this.lastMetadata = NO_METADATA;
  }
}

function boundsOf(type: MetricType): Bounds {
  if (type === 'histogram') return Bounds.histogram;
  return type === 'summary' ? Bounds.summary : Bounds.none;
}
