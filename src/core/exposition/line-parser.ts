/**
 * What the two line formats, Prometheus text and OpenMetrics, have in common: samples, metadata, and the quick way for
 * lines that are known from the last pass.
 *
 * The quick way (`runKnown`): the line cache foresees which line comes next. Where the bytes agree, a metadata line is
 * done, and of a sample only the value and the timestamp are left to read, into the batch's columns. No string and no
 * object is made. A line that was not foreseen is looked up by its bytes, and only one that is new is parsed. (Where one was new
 * the next most likely is too, and is parsed without looking.)
 */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata, MetricType } from '../model/metadata.ts';
import { parseSampleFloat } from '../model/number.ts';
import { type Batch, NO_TIMESTAMP } from './batch.ts';
import { tail } from './byte-table.ts';
import { isOfFamily } from './family-suffix.ts';
import { latin1, scanFloat } from './float-scanner.ts';
import { LineCache, NO_LINE, NO_METADATA } from './line-cache.ts';
import { LineFault, shown, utf8Fault } from './line-fault.ts';
import { LineInput, NEWLINE } from './line-input.ts';
import { DEFAULT_MAX_RECORD_BYTES, type ParserOptions } from './parser.ts';
import { ANY_NAME, Bounds, bareNameEnd, SeriesScanner, type SeriesSyntax } from './series-scanner.ts';
import type { SeriesTable } from './series-table.ts';
import { decode, StringPool, unescapeText } from './string-pool.ts';

const TAB = 0x09;
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

/** What a known metadata line says of which family. */
interface KnownMetadata {
  family: number;
  key: keyof Metadata;
  text: string;
}

export abstract class LineParser extends LineInput {
  protected readonly table: SeriesTable;
  /** What parseFamilyName read. */
  protected familyName = '';
  /** The input is complete: anything more is a fault. */
  protected closed = false;
  private readonly scanner: SeriesScanner;
  /** What the last metadata line was about. */
  private family = NO_FAMILY;
  private bounds: Bounds = Bounds.none;
  private readonly pool = new StringPool();
  private readonly cache = new LineCache();
  private metadata: KnownMetadata[] = [];
  /** The ends of the cache's chains. */
  private lastSample: number = NO_LINE;
  private lastMetadata: number = NO_METADATA;
  private linesOfPass = 0;
  private evictions: number;
  /** The line that is being parsed is most likely new. */
  private expectNew: boolean;
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
    super(options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES);
    this.table = table;
    this.loose = syntax.loose;
    this.quotedNames = syntax.extended;
    this.uncached = uncached;
    this.expectNew = uncached;
    this.evictions = table.evictions;
    this.scanner = new SeriesScanner(this.pool, syntax);
  }

  /**
   * Parses the line at `pos`, which no known line is; returns the position behind it. The byte before `end` is a line
   * break. Throws LineFault.
   */
  protected abstract parseLine(pos: number, end: number): number;

  /** Where the value starts, after a series that ends at `pos`. Throws LineFault. */
  protected abstract valueStart(pos: number): number;

  /**
   * Reads what follows the value of row `row`, from `pos` (not a line break) to the end of the line, writes the row's
   * time, and returns the position behind the line break. Throws LineFault.
   */
  protected abstract afterValue(pos: number, row: number): number;

  /**
   * Looks at a sample that was parsed, from row `row`; `pos` is where it starts, `bound` its bound as it was written,
   * where that is not what is among the labels. Throws LineFault to refuse it.
   */
  protected accept(_labels: Labels, _bound: string | undefined, _row: number, _pos: number): void {}

  override write(bytes: Uint8Array, batch: Batch): void {
    this.dropEvicted();
    super.write(bytes, batch);
  }

  protected override reset(): void {
    super.reset();
    this.scanner.release();
    this.forgetFamily();
    this.closed = false;
    if (this.cache.endPass(this.linesOfPass)) this.compactMetadata();
    // Lines with faults may leave strings that no series has.
    if (this.pool.size > MAX_STRINGS_PER_LINE * (this.cache.size + 64)) this.pool.clear();
    this.linesOfPass = 0;
    this.lastSample = NO_LINE;
    this.lastMetadata = NO_METADATA;
    this.expectNew = this.uncached;
  }

  /** What metadata said no longer holds for the samples to come. */
  protected forgetFamily(): void {
    this.family = NO_FAMILY;
    this.bounds = Bounds.none;
  }

  protected parseLines(from: number, end: number): void {
    let pos = from;
    while (pos < end) {
      if (this.closed) throw new LineFault((this.lineStart = pos), 'unexpected data after # EOF');
      pos = this.runKnown(pos, end);
      if (pos < end) pos = this.runOther(pos, end);
    }
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

  /** Parses the line at `pos`, which was not foreseen; returns where the next one to look at starts. */
  private runOther(pos: number, end: number): number {
    if (!this.expectNew) {
      const after = this.runFound(pos, end);
      if (after > pos) return after;
    }
    this.lineStart = pos;
    const firstLine = this.line;
    this.scanner.lineBreaks = 0;
    const next = this.parseLine(pos, end);
    this.line = firstLine + 1 + this.scanner.lineBreaks;
    this.linesOfPass++;
    return next;
  }

  /** Looks the line at `pos` up, and goes on from there if it is known; else returns `pos`. */
  private runFound(pos: number, end: number): number {
    const { cache } = this;
    const keyEnd = this.keyEnd(pos);
    if (keyEnd < 0) return pos;
    const known = cache.find(this.view, pos, keyEnd);
    this.expectNew = known === NO_LINE;
    const last = this.bytes[pos] === HASH ? this.lastMetadata : this.lastSample;
    if (known === NO_LINE || known === cache.next[last]) return pos;
    cache.next[last] = known;
    return this.runKnown(pos, end);
  }

  /** Parses the sample at `pos` and adds its row; returns the position behind the line. Throws LineFault. */
  protected parseSample(pos: number, end: number): number {
    const { bytes, batch, table, scanner } = this;
    const seriesEnd = scanner.series(bytes, this.view, pos, end);
    const context = scanner.hasBound ? this.bounds + 1 : ANY_CONTEXT;
    const labels = scanner.labels(this.bounds, pos);
    const row = batch.length;
    batch.reserve(row + 1);
    const valueAt = this.valueStart(seriesEnd);
    const next = this.afterSeries(valueAt, scanFloat(bytes, valueAt, batch.v, row), row);
    this.accept(labels, scanner.writtenBound, row, pos);
    const family = this.family;
    const isCurrent = family >= 0 && isOfFamily(labels.get(METRIC_NAME), table.families[family]);
    const id = table.intern(labels, isCurrent ? family : NO_FAMILY);
    if (scanner.empty.length > 0) table.emptyLabels.set(id, scanner.empty);
    batch.series[row] = id;
    if (batch.st !== null) batch.st[row] = 0;
    batch.length = row + 1;
    const hasKey =
      pos === this.lineStart && scanner.isPlain && (bytes[seriesEnd] === SPACE || bytes[seriesEnd] === TAB);
    if (hasKey) this.remember(seriesEnd + 1, id, context);
    return next;
  }

  /** Reads a family's name, bare or quoted, into `familyName`; returns the position behind it. Throws LineFault. */
  protected parseFamilyName(keyword: string, pos: number, end: number): number {
    const { bytes } = this;
    const quoted = bytes[pos] === QUOTE && this.quotedNames;
    const nameEnd = quoted
      ? this.scanner.quotedName(bytes, this.view, pos, end)
      : bareNameEnd(bytes, pos, ANY_NAME);
    if (nameEnd === pos)
      throw new LineFault(pos, `expected a metric name after ${keyword}, got ${shown(bytes, pos)}`);
    const text = this.text(quoted ? pos + 1 : pos, quoted ? nameEnd - 1 : nameEnd, 'the name');
    this.familyName = quoted ? unescapeText(text) : text;
    return nameEnd;
  }

  /** Enters what the metadata line that ends at `eol` says of the family named `familyName`. */
  protected declare(eol: number, key: keyof Metadata, text: string): void {
    const known = { family: this.table.declare(this.familyName, { [key]: text }), key, text };
    this.applyMetadata(known);
    if (this.bytes[this.lineStart] !== HASH || this.metadataEnd(this.lineStart) !== eol + 1) return;
    this.metadata.push(known);
    this.remember(eol + 1, -this.metadata.length, ANY_CONTEXT);
  }

  /** Bytes [start, end) as text. Throws LineFault. */
  protected text(start: number, end: number, what: string): string {
    const text = decode(this.bytes, start, end);
    if (text === undefined) throw utf8Fault(this.bytes, start, end, what);
    return text;
  }

  private applyMetadata(known: KnownMetadata): void {
    const family = this.table.families[known.family];
    if (family[known.key] !== known.text) this.table.declare(family.name, { [known.key]: known.text });
    this.family = known.family;
    if (known.key === 'type') this.bounds = boundsOf(known.text as MetricType);
  }

  /** Keeps the line that is being parsed as a known one, by its bytes before `keyEnd`. */
  private remember(keyEnd: number, target: number, context: number): void {
    if (this.uncached) return;
    const { cache, view, lineStart } = this;
    const known = cache.find(view, lineStart, keyEnd);
    this.expectNew = known === NO_LINE;
    const line = cache.bind(known, view, lineStart, keyEnd, target, context);
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
    if (start === end) return `expected ${what}, got ${shown(this.bytes, start)}`;
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
  private keyEnd(pos: number): number {
    const { bytes } = this;
    if (bytes[pos] === HASH) return this.metadataEnd(pos);
    let at = pos;
    while (bytes[at] > SPACE && bytes[at] !== BRACE_OPEN) at++;
    if (bytes[at] === BRACE_OPEN) {
      for (at++; bytes[at] !== BRACE_CLOSE; at++) {
        if (bytes[at] === QUOTE) at = this.closingQuote(at);
        if (bytes[at] === NEWLINE) return -1;
      }
      at++;
    } else if (at === pos || bytes[this.skipBlanks(at)] === BRACE_OPEN) return -1;
    return bytes[at] === SPACE || bytes[at] === TAB ? at + 1 : -1;
  }

  /** As keyEnd, for a line that starts with a hash: `# HELP name text` and its like. */
  private metadataEnd(pos: number): number {
    const { bytes } = this;
    const name = pos + METADATA_NAME;
    if (bytes[pos + 1] !== SPACE || bytes[name - 1] !== SPACE || bytes[name] <= SPACE) return -1;
    const newline = bytes.indexOf(NEWLINE, pos);
    if (newline < name) return -1;
    return bytes[name] === QUOTE && this.closingQuote(name) === newline ? -1 : newline + 1;
  }

  /** Where the quoted text that starts at `pos` ends: at a quotation mark, or at a line break. */
  private closingQuote(pos: number): number {
    const { bytes } = this;
    let at = pos + 1;
    while (bytes[at] !== QUOTE && bytes[at] !== NEWLINE) {
      at += bytes[at] === BACKSLASH && bytes[at + 1] !== NEWLINE ? 2 : 1;
    }
    return at;
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
