/**
 * The series of a log that a selection is about: label sets as numbers of symbols, each set once, and the refs under
 * which the log speaks of it. Some tens of bytes a series; label sets as objects are made when asked for.
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { copied } from '../../encoding/grown.ts';
import { Labels } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { RefIndex, type SeriesDecoder } from '../../tsdb/wal/index.ts';
import { LabelSymbols } from './label-symbols.ts';

export class LogSeries {
  count = 0;
  /** Row of each ref of a matching series. */
  readonly rows = new RefIndex();
  readonly symbols = new LabelSymbols();
  private readonly matchers: readonly SymbolMatcher[];
  /** Name and value symbols of all series; series i has [starts[i], starts[i + 1]). */
  private pairs = new Uint32Array(4096);
  private starts = new Float64Array(256);
  /** Open addressing over the label sets: row + 1, or 0. */
  private slots = new Int32Array(1024);
  private hashes = new Uint32Array(256);
  private readonly reader = new ByteReader();
  /** Of the series at hand, where each name and value begins and ends in the record. */
  private places = new Uint32Array(64);
  /** The symbols of the series before. */
  private previous = new Int32Array(32).fill(-1);

  constructor(matchers: readonly Matcher[]) {
    this.matchers = matchers.map((matcher) => new SymbolMatcher(matcher, this.symbols));
  }

  /** Takes in the series that the decoder is at, if all matchers hold for it. */
  add(decoder: SeriesDecoder, record: Uint8Array): void {
    const size = this.findStrings(decoder, record);
    const { places, symbols } = this;
    for (const matcher of this.matchers) if (!matcher.holds(record, places, size)) return;
    const start = this.starts[this.count];
    if (start + size > this.pairs.length) {
      this.pairs = copied(this.pairs, new Uint32Array(Math.max(start + size, this.pairs.length * 2)));
    }
    let hash = 0;
    for (let i = 0; i < size; i++) {
      // Series that come together have most of their labels in common, and in the same places.
      const symbol = symbols.internLike(this.previous[i], record, places[i * 2], places[i * 2 + 1]);
      this.previous[i] = symbol;
      this.pairs[start + i] = symbol;
      hash = Math.imul(hash ^ symbol, 0x9e3779b1) ^ (hash >>> 15);
    }
    this.rows.set(decoder.ref, this.rowOf(hash >>> 0, start, size));
  }

  /** Where the names and values of a series are in the record, into `places`; returns how many they are. */
  private findStrings(decoder: SeriesDecoder, record: Uint8Array): number {
    const { reader } = this;
    reader.reset(record, decoder.labelsStart, decoder.labelsEnd);
    const size = reader.uvarint() * 2;
    if (size > this.previous.length) {
      this.previous = new Int32Array(size * 2).fill(-1);
      this.places = new Uint32Array(size * 4);
    }
    const { places } = this;
    for (let i = 0; i < size; i++) {
      const length = reader.uvarint();
      places[i * 2] = reader.advance(length);
      places[i * 2 + 1] = reader.pos;
    }
    return size;
  }

  /** Those of the rows for which all matchers hold. */
  matching(rows: Uint32Array, matchers: readonly Matcher[]): Uint32Array {
    const asked = matchers.map((matcher) => new SymbolMatcher(matcher, this.symbols));
    return rows.filter((row) => {
      for (const matcher of asked) if (!matcher.holdsFor(this, row)) return false;
      return true;
    });
  }

  labels(row: number): Labels {
    const names: string[] = [];
    const values: string[] = [];
    for (let at = this.starts[row]; at < this.starts[row + 1]; at += 2) {
      names.push(this.symbols.text(this.pairs[at]));
      values.push(this.symbols.text(this.pairs[at + 1]));
    }
    return new Labels(names, values);
  }

  /** The value of a label, given as symbol, as one; -1 where the series does not have it. */
  value(row: number, name: number): number {
    for (let at = this.starts[row]; at < this.starts[row + 1]; at += 2) {
      if (this.pairs[at] === name) return this.pairs[at + 1];
    }
    return -1;
  }

  /** The label names of some series, in no order. */
  namesOf(rows: Uint32Array): string[] {
    const found = new Set<number>();
    for (const row of rows) {
      for (let at = this.starts[row]; at < this.starts[row + 1]; at += 2) found.add(this.pairs[at]);
    }
    return [...found].map((name) => this.symbols.text(name));
  }

  /** The values that a label has in some series, in no order. */
  valuesOf(rows: Uint32Array, name: string): string[] {
    const symbol = this.symbols.internText(name);
    const found = new Set<number>();
    for (const row of rows) found.add(this.value(row, symbol));
    found.delete(-1);
    return [...found].map((value) => this.symbols.text(value));
  }

  /** All rows in the order of their labels. */
  sorted(): Uint32Array {
    const { pairs, starts } = this;
    const rank = this.ranks();
    const rows = new Uint32Array(this.count);
    for (let row = 0; row < this.count; row++) rows[row] = row;
    return rows.sort((a, b) => {
      let i = starts[a];
      let j = starts[b];
      const n = Math.min(starts[a + 1] - i, starts[b + 1] - j);
      for (let left = n; left > 0; left--, i++, j++) {
        if (pairs[i] !== pairs[j]) return rank[pairs[i]] - rank[pairs[j]];
      }
      return starts[a + 1] - starts[a] - (starts[b + 1] - starts[b]);
    });
  }

  /** The place of each symbol in the order of their texts. */
  private ranks(): Uint32Array {
    const { symbols } = this;
    const order = new Uint32Array(symbols.count);
    for (let symbol = 0; symbol < order.length; symbol++) order[symbol] = symbol;
    order.sort((a, b) => symbols.compare(a, b));
    const rank = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) rank[order[i]] = i;
    return rank;
  }

  /** The row of the label set at `start` of the pairs, which becomes a new one where there is none. */
  private rowOf(hash: number, start: number, size: number): number {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.slots[slot] - 1;
      if (this.hashes[row] === hash && this.isSame(row, start, size)) return row;
    }
    const row = this.count++;
    if (this.count === this.hashes.length) {
      this.hashes = copied(this.hashes, new Uint32Array(this.count * 2));
      this.starts = copied(this.starts, new Float64Array(this.count * 2));
    }
    this.hashes[row] = hash;
    this.starts[this.count] = start + size;
    this.slots[slot] = this.count;
    if (this.count * 2 > this.slots.length) this.rehash();
    return row;
  }

  private isSame(row: number, start: number, size: number): boolean {
    const { pairs } = this;
    const at = this.starts[row];
    if (this.starts[row + 1] - at !== size) return false;
    for (let i = 0; i < size; i++) if (pairs[at + i] !== pairs[start + i]) return false;
    return true;
  }

  private rehash(): void {
    const mask = this.slots.length * 2 - 1;
    this.slots = new Int32Array(mask + 1);
    for (let row = 0; row < this.count; row++) {
      let slot = this.hashes[row] & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = row + 1;
    }
  }
}

/** A matcher on bytes: plain values are compared, regular expressions asked once about each value. */
class SymbolMatcher {
  private readonly matcher: Matcher;
  private readonly symbols: LabelSymbols;
  private readonly name: Uint8Array;
  /** Of `=` and `!=`. */
  private readonly value: Uint8Array | undefined;
  private previous = -1;
  private nameSymbol: number | undefined = undefined;
  private valueSymbol: number | undefined = undefined;
  /** By symbol: 0 not asked yet, 1 no, 2 yes. */
  private answers = new Uint8Array(256);

  constructor(matcher: Matcher, symbols: LabelSymbols) {
    this.matcher = matcher;
    this.symbols = symbols;
    this.name = Buffer.from(matcher.name);
    this.value = matcher.type === '=' || matcher.type === '!=' ? Buffer.from(matcher.value) : undefined;
  }

  /** Whether it holds for the labels whose `size` names and values are at `places` of the record. */
  holds(record: Uint8Array, places: Uint32Array, size: number): boolean {
    for (let i = 0; i < size; i += 2) {
      if (!isText(this.name, record, places[i * 2], places[i * 2 + 1])) continue;
      const start = places[i * 2 + 2];
      const end = places[i * 2 + 3];
      if (this.value !== undefined)
        return isText(this.value, record, start, end) === (this.matcher.type === '=');
      this.previous = this.symbols.internLike(this.previous, record, start, end);
      return this.accepts(this.previous);
    }
    return this.matcher.matchesEmpty;
  }

  /** Whether it holds for a series that was taken in. */
  holdsFor(series: LogSeries, row: number): boolean {
    this.nameSymbol ??= this.symbols.internText(this.matcher.name);
    const symbol = series.value(row, this.nameSymbol);
    if (symbol < 0) return this.matcher.matchesEmpty;
    if (this.value === undefined) return this.accepts(symbol);
    this.valueSymbol ??= this.symbols.internText(this.matcher.value);
    return (symbol === this.valueSymbol) === (this.matcher.type === '=');
  }

  private accepts(symbol: number): boolean {
    if (symbol >= this.answers.length) {
      this.answers = copied(this.answers, new Uint8Array(Math.max(symbol + 1, this.answers.length * 2)));
    }
    if (this.answers[symbol] === 0) {
      this.answers[symbol] = this.matcher.matches(this.symbols.text(symbol)) ? 2 : 1;
    }
    return this.answers[symbol] === 2;
  }
}

function isText(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}
