/**
 * Reads the series at the start of a sample line, from bytes to labels: `name`, `name{a="b"}`, or, where names need
 * quotes, `{"name", "a.b"="c"}`. The same for the labels of exemplars. Grammar: docs/format/text.md and
 * docs/format/openmetrics.md.
 */
import { compareStrings, finishHash, hashPair, hashText, Labels, METRIC_NAME } from '../model/labels.ts';
import { canonicalBound } from './bound-label.ts';
import { LineFault, shown, utf8Fault } from './line-fault.ts';
import type { StringPool } from './string-pool.ts';

/** Which label of the current family's samples is a number in disguise, by the type that was declared last. */
export const Bounds = { none: 0, histogram: 1, summary: 2 } as const;
export type Bounds = (typeof Bounds)[keyof typeof Bounds];

const METRIC_NAME_HASH = hashText(METRIC_NAME);
const BOUND_LABEL = [undefined, 'le', 'quantile'] as const;

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUAL = 0x3d;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** By byte: 1 may start a label name, 2 (the colon) only a metric name, 4 (digits) may only follow. */
const NAME_BYTE = new Uint8Array(256);
for (let c = 0x61; c <= 0x7a; c++) NAME_BYTE[c] = NAME_BYTE[c - 0x20] = 1;
NAME_BYTE[0x5f] = 1;
NAME_BYTE[0x3a] = 2;
for (let c = 0x30; c <= 0x39; c++) NAME_BYTE[c] = 4;

/** First bytes of label names, and of metric names. */
export const LABEL_NAME = 1;
export const ANY_NAME = 3;

const NONE: readonly string[] = [];
const NOTHING = Buffer.alloc(0);
const NO_VIEW = new DataView(NOTHING.buffer, 0, 0);

/** How much is allowed between the parts of a label block. */
export interface SeriesSyntax {
  /** Blanks may stand between the parts, commas be left out, and values go on over line breaks. */
  loose: boolean;
  /** Names may stand in quotation marks, and a comma behind the last label. */
  extended: boolean;
}

/** What Prometheus takes as its own text format. */
export const TEXT_SYNTAX: SeriesSyntax = { loose: true, extended: true };
/** What Prometheus takes as OpenMetrics. */
export const OPENMETRICS_SYNTAX: SeriesSyntax = { loose: false, extended: true };
/** What the specification of OpenMetrics 1.0 allows. */
export const STRICT_SYNTAX: SeriesSyntax = { loose: false, extended: false };

/** Spellings of bounds that are remembered. */
const MAX_BOUNDS = 4096;

export class SeriesScanner {
  /** Whether a label of the series that was read last is named like a bound. */
  hasBound = false;
  /** How that label was spelled, where `labels` changed its spelling. */
  writtenBound: string | undefined = undefined;
  /** The names of those of its labels that have no value, and so are not among `labels`. */
  empty: readonly string[] = NONE;
  /** It is on one line, and nothing stands between its name and its labels. */
  isPlain = false;
  /** Line breaks that were passed within quotation marks. */
  lineBreaks = 0;
  private readonly pool: StringPool;
  private readonly loose: boolean;
  private readonly extended: boolean;
  private bytes: Buffer = NOTHING;
  private view: DataView = NO_VIEW;
  private end = 0;
  private hasMetric = false;
  private emptyNameAt = 0;
  /** Bounds as written -> as stored. */
  private readonly bounds = new Map<string, string>();
  /** The pairs read last are the first `count` of these; label sets get copies of the right size. */
  private readonly names: string[] = [];
  private readonly values: string[] = [];
  private count = 0;
  /** The sum of the pairs' hashes. */
  private hashSum = 0;
  /** The names of the label set made last, which the next one most likely shares. */
  private lastNames: readonly string[] = [];

  constructor(pool: StringPool, syntax: SeriesSyntax) {
    this.pool = pool;
    this.loose = syntax.loose;
    this.extended = syntax.extended;
  }

  /**
   * Reads the series at `pos` and returns the position behind it. `bytes` and `view` see the same memory; the byte
   * before `end` is a line break. Throws LineFault.
   */
  series(bytes: Buffer, view: DataView, pos: number, end: number): number {
    this.begin(bytes, view, end);
    const bareEnd = bareNameEnd(bytes, pos, ANY_NAME);
    if (bareEnd === pos && bytes[pos] !== BRACE_OPEN)
      throw new LineFault(pos, `expected a metric name, got ${shown(bytes, pos)}`);
    if (bareEnd > pos) this.setMetric(this.text(pos, bareEnd, 'the name'));
    const brace = this.skip(bareEnd);
    const hasBlock = bytes[brace] === BRACE_OPEN;
    const after = hasBlock ? this.block(brace + 1, true) : bareEnd;
    if (!this.hasMetric) throw new LineFault(pos, 'the series has no metric name');
    this.isPlain = this.lineBreaks === 0 && (brace === bareEnd || !hasBlock);
    return after;
  }

  /** Reads an exemplar's labels, from behind the opening brace; returns the position behind the closing one. */
  exemplarLabels(bytes: Buffer, view: DataView, pos: number, end: number): number {
    this.begin(bytes, view, end);
    return this.block(pos, false);
  }

  /** Lets go of the input. */
  release(): void {
    this.bytes = NOTHING;
    this.view = NO_VIEW;
  }

  /** The labels that were read last. `at` is the place to blame where they are no proper set. Throws LineFault. */
  labels(bounds: Bounds, at: number): Labels {
    const { names, values } = this;
    const bound = BOUND_LABEL[bounds];
    this.empty = NONE;
    let hasEmpty = false;
    for (let i = 0; i < this.count; i++) {
      if (names[i] === bound) this.spellBound(i);
      if (values[i] === '') hasEmpty = true;
    }
    if (hasEmpty) this.dropEmpty(at);
    sortPairs(names, values, this.count);
    // Prometheus does not mind in exemplars.
    if (this.hasMetric && names[0] === '') throw new LineFault(this.emptyNameAt, 'the label name is empty');
    for (let i = 1; i < this.count; i++) {
      if (names[i] === names[i - 1])
        throw new LineFault(at, `label name ${JSON.stringify(names[i])} is not unique`);
    }
    return new Labels(this.sharedNames(), values.slice(0, this.count), finishHash(this.hashSum));
  }

  /** As `labels`, where of two labels with one name the later one counts. */
  labelsOfExemplar(): Labels {
    const { names } = this;
    this.keepPairs((i) => {
      const later = names.indexOf(names[i], i + 1);
      return later < 0 || later >= this.count;
    });
    return this.labels(Bounds.none, 0);
  }

  private begin(bytes: Buffer, view: DataView, end: number): void {
    this.bytes = bytes;
    this.view = view;
    this.end = end;
    this.hasBound = false;
    this.writtenBound = undefined;
    this.lineBreaks = 0;
    this.hasMetric = false;
    this.count = 0;
    this.hashSum = 0;
  }

  /** Label pairs up to the closing brace, and the metric's name where it is among them. */
  private block(pos: number, withMetric: boolean): number {
    const { bytes } = this;
    let at = this.skip(pos);
    while (bytes[at] !== BRACE_CLOSE) {
      const start = at;
      const quoted = bytes[at] === QUOTE && this.extended;
      at = quoted ? this.quotedEnd(at, withMetric) : bareNameEnd(bytes, at, LABEL_NAME);
      if (at === start) throw new LineFault(at, `expected a label name or "}", got ${shown(bytes, at)}`);
      const name = quoted ? this.text(start + 1, at - 1, 'the name') : this.text(start, at, 'the name');
      at = this.skip(at);
      if (withMetric && (bytes[at] === COMMA || bytes[at] === BRACE_CLOSE)) {
        if (!quoted) throw new LineFault(at, `expected "=" after the label name, got ${shown(bytes, at)}`);
        if (this.hasMetric) throw new LineFault(start, 'the metric name is already set');
        this.setMetric(name);
        if (bytes[at] === COMMA) at = this.skip(at + 1);
        continue;
      }
      if (this.pool.string(name) === '') this.emptyNameAt = start;
      const next = this.skip((at = this.value(name, at)));
      if (bytes[next] === COMMA) {
        at = this.skip(next + 1);
        if (bytes[at] === BRACE_CLOSE && !this.extended)
          throw new LineFault(at, 'expected a label name after the comma, got "}"');
      } else if (this.loose || bytes[next] === BRACE_CLOSE) at = next;
      else throw new LineFault(next, `expected "," or "}" after the label, got ${shown(bytes, next)}`);
    }
    return at + 1;
  }

  /** `="value"`; returns the position behind it. */
  private value(name: number, pos: number): number {
    const { bytes } = this;
    if (bytes[pos] !== EQUAL)
      throw new LineFault(pos, `expected "=" after the label name, got ${shown(bytes, pos)}`);
    const start = this.skip(pos + 1);
    if (bytes[start] !== QUOTE)
      throw new LineFault(start, `expected a label value in double quotes, got ${shown(bytes, start)}`);
    const end = this.quotedEnd(start, this.loose);
    this.push(name, this.text(start + 1, end - 1, 'the label value'));
    return end;
  }

  /** Reads a quoted name outside of a series; returns the position behind it. Throws LineFault. */
  quotedName(bytes: Buffer, view: DataView, pos: number, end: number): number {
    this.begin(bytes, view, end);
    return this.quotedEnd(pos, true);
  }

  /** The position behind the quoted text that starts at `pos`. `multiline`: it may go on over line breaks. */
  private quotedEnd(pos: number, multiline: boolean): number {
    const { bytes, end } = this;
    for (let at = pos + 1; at < end; at++) {
      const c = bytes[at];
      if (c === QUOTE) return at + 1;
      if (c === BACKSLASH) {
        at++;
        if (bytes[at] === NEWLINE) throw new LineFault(at, 'a backslash cannot escape a line break');
      } else if (c === NEWLINE) {
        if (!multiline) throw new LineFault(at, 'line break within quotation marks (write it as \\n)');
        this.lineBreaks++;
      }
    }
    throw new LineFault(pos, 'the closing quotation mark is missing', true);
  }

  private skip(pos: number): number {
    let at = pos;
    if (this.loose) while (this.bytes[at] === SPACE || this.bytes[at] === TAB) at++;
    return at;
  }

  /** The number in the pool of the string that bytes [start, end) stand for. */
  private text(start: number, end: number, what: string): number {
    const number = this.pool.find(this.view, this.bytes, start, end);
    if (number < 0) throw utf8Fault(this.bytes, start, end, what);
    return number;
  }

  private setMetric(name: number): void {
    this.hasMetric = true;
    this.names[this.count] = METRIC_NAME;
    this.values[this.count++] = this.pool.string(name);
    this.hashSum = (this.hashSum + hashPair(METRIC_NAME_HASH, this.pool.hash(name))) | 0;
  }

  private push(name: number, value: number): void {
    const { pool } = this;
    const label = pool.string(name);
    if (label === 'le' || label === 'quantile') this.hasBound = true;
    this.names[this.count] = label;
    this.values[this.count++] = pool.string(value);
    this.hashSum = (this.hashSum + hashPair(pool.hash(name), pool.hash(value))) | 0;
  }

  /** Gives the bound in pair `i` its canonical spelling. */
  private spellBound(i: number): void {
    const written = this.values[i];
    let bound = this.bounds.get(written);
    if (bound === undefined) {
      bound = canonicalBound(written);
      // The same few bounds come again and again.
      if (this.bounds.size === MAX_BOUNDS) this.bounds.clear();
      this.bounds.set(written, bound);
    }
    this.writtenBound = written;
    if (bound === written) return;
    this.values[i] = bound;
    const name = hashText(this.names[i]);
    this.hashSum = (this.hashSum - hashPair(name, hashText(written)) + hashPair(name, hashText(bound))) | 0;
  }

  /** An empty value is the absence of the label, whatever else was said of it: so has Prometheus. */
  private dropEmpty(at: number): void {
    const { names, values } = this;
    const empty = new Set<string>();
    for (let i = 0; i < this.count; i++) if (values[i] === '') empty.add(names[i]);
    if (this.hasMetric && empty.has(METRIC_NAME)) throw new LineFault(at, 'the metric name is empty');
    this.keepPairs((i) => !empty.has(names[i]));
    this.empty = [...empty];
  }

  private keepPairs(keep: (i: number) => boolean): void {
    const { names, values } = this;
    let kept = 0;
    this.hashSum = 0;
    for (let i = 0; i < this.count; i++) {
      if (!keep(i)) continue;
      names[kept] = names[i];
      values[kept++] = values[i];
      this.hashSum = (this.hashSum + hashPair(hashText(names[i]), hashText(values[i]))) | 0;
    }
    this.count = kept;
  }

  private sharedNames(): readonly string[] {
    const { names, count, lastNames } = this;
    if (lastNames.length === count) {
      let i = 0;
      while (i < count && lastNames[i] === names[i]) i++;
      if (i === count) return lastNames;
    }
    return (this.lastNames = names.slice(0, count));
  }
}

/** Where a name that starts at `pos` ends; `first` is LABEL_NAME or ANY_NAME. `pos` where there is none. */
export function bareNameEnd(bytes: Uint8Array, pos: number, first: number): number {
  if ((NAME_BYTE[bytes[pos]] & first) === 0) return pos;
  let at = pos + 1;
  while ((NAME_BYTE[bytes[at]] & (first | 4)) !== 0) at++;
  return at;
}

/** By name; label blocks are short, and mostly sorted already. */
function sortPairs(names: string[], values: string[], count: number): void {
  for (let i = 1; i < count; i++) {
    const name = names[i];
    const value = values[i];
    let j = i - 1;
    while (j >= 0 && compareStrings(names[j], name) > 0) {
      names[j + 1] = names[j];
      values[j + 1] = values[j];
      j--;
    }
    names[j + 1] = name;
    values[j + 1] = value;
  }
}
