/**
 * The label sets of a head's series: label pairs, each a name and a value by their symbols, are numbered from 0, and a
 * set is a list of such numbers, in the order of the names. Lists lie one after another in large pieces; what was
 * added stays where it is, and is dropped with the table, when a new one is made of the sets that are still in use.
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import { copied, grownLength, sharedColumn } from '../../encoding/grown.ts';
import { uvarintSize } from '../../encoding/varint.ts';
import { Labels } from '../../model/index.ts';
import { HeadSymbols, type SymbolsImage } from './symbols.ts';

const PIECE_SHIFT = 16;
const PIECE_WORDS = 1 << PIECE_SHIFT;
const PIECE_MASK = PIECE_WORDS - 1;
const INITIAL_PAIRS = 1024;

/** Label sets to be read by their places, in another thread. */
export interface LabelSetsImage {
  symbols: SymbolsImage;
  names: Uint32Array;
  values: Uint32Array;
  pieces: Uint32Array[];
}

export class LabelSets {
  readonly symbols: HeadSymbols;
  /** Label pairs. */
  pairCount = 0;
  /** Symbols of each pair. Shared, as the pieces are. */
  names: Uint32Array = sharedColumn(INITIAL_PAIRS);
  values: Uint32Array = sharedColumn(INITIAL_PAIRS);
  /** Open addressing over both: pair + 1, or 0. */
  private slots = new Int32Array(INITIAL_PAIRS * 2);
  /** The pairs of one name are a list: the newest (+ 1) by the name's symbol, and of each pair the one before it. */
  private readonly newestOfName = new Map<number, number>();
  private previousOfName = new Uint32Array(INITIAL_PAIRS);
  private readonly countOfName = new Map<number, number>();
  private pieces: Uint32Array[] = [];
  private used = PIECE_WORDS;
  /** The set that `find` and `intern` read last, as pairs. */
  readonly current: { pairs: Uint32Array; length: number } = { pairs: new Uint32Array(64), length: 0 };
  private readonly reader = new ByteReader();
  /** Where the previous set's strings are, which are mostly those of the next. */
  private previousLength = 0;

  constructor(symbols = new HeadSymbols()) {
    this.symbols = symbols;
  }

  /** Sets to be read, not to be found or added to. */
  static of(image: LabelSetsImage): LabelSets {
    const sets = new LabelSets(HeadSymbols.of(image.symbols));
    sets.names = image.names;
    sets.values = image.values;
    sets.pieces = image.pieces;
    return sets;
  }

  /** Views of memory that is shared, and only added to. */
  image(): LabelSetsImage {
    const { symbols, names, values, pieces } = this;
    return { symbols: symbols.image(), names, values, pieces };
  }

  /**
   * Makes `current` of a label set as the log has it, bytes [start, end). Returns false where one of its pairs is
   * not known, so that no series can have it. Throws CorruptionError where the bytes end too early.
   */
  find(from: Uint8Array, start: number, end: number): boolean {
    const { reader, symbols, current } = this;
    reader.reset(from, start, end);
    const n = this.begin(reader.uvarint());
    for (let i = 0; i < n; i++) {
      let length = reader.uvarint();
      let at = reader.advance(length);
      const name = symbols.find(from, at, at + length);
      length = reader.uvarint();
      at = reader.advance(length);
      if (name < 0) return false;
      const value = symbols.find(from, at, at + length);
      if (value < 0) return false;
      const pair = this.findPair(name, value);
      if (pair < 0) return false;
      current.pairs[i] = pair;
    }
    return true;
  }

  /** As `find`, adding what is not known. */
  intern(from: Uint8Array, start: number, end: number): void {
    const { reader, symbols, current } = this;
    reader.reset(from, start, end);
    const before = this.previousLength;
    const n = this.begin(reader.uvarint());
    const { pairs } = current;
    for (let i = 0; i < n; i++) {
      const nameLength = reader.uvarint();
      const nameAt = reader.advance(nameLength);
      const valueLength = reader.uvarint();
      const valueAt = reader.advance(valueLength);
      // Series of one target follow each other, and have most pairs in common.
      if (i < before) {
        const likely = pairs[i];
        if (
          symbols.is(this.names[likely], from, nameAt, nameAt + nameLength) &&
          symbols.is(this.values[likely], from, valueAt, valueAt + valueLength)
        )
          continue;
      }
      const name = symbols.intern(from, nameAt, nameAt + nameLength);
      pairs[i] = this.pair(name, symbols.intern(from, valueAt, valueAt + valueLength));
    }
    this.previousLength = n;
  }

  /** Keeps the set `current`; returns its place. */
  store(): number {
    const { pairs, length } = this.current;
    if (this.used + length + 1 > PIECE_WORDS) {
      // Shared, so that handing the sets to another thread copies nothing.
      this.pieces.push(new Uint32Array(new SharedArrayBuffer(Math.max(PIECE_WORDS, length + 1) * 4)));
      this.used = 0;
    }
    const index = this.pieces.length - 1;
    const piece = this.pieces[index];
    const place = index * PIECE_WORDS + this.used;
    piece[this.used++] = length;
    for (let i = 0; i < length; i++) piece[this.used++] = pairs[i];
    return place;
  }

  /** Whether the set at `place` is `current`. */
  isCurrent(place: number): boolean {
    const { pairs, length } = this.current;
    const piece = this.piece(place);
    const at = this.offset(place);
    if (piece[at] !== length) return false;
    for (let i = 0; i < length; i++) if (piece[at + 1 + i] !== pairs[i]) return false;
    return true;
  }

  /** A hash of `current`; holds for the life of this table. */
  hashOfCurrent(): number {
    const { pairs, length } = this.current;
    let h = length;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ pairs[i], 0x9e3779b1) ^ (h >>> 15);
    return (h ^ (h >>> 16)) >>> 0;
  }

  /** The memory that a set lies in, and where: the number of its pairs, then the pairs. */
  piece(place: number): Uint32Array {
    return this.pieces[place >>> PIECE_SHIFT];
  }

  offset(place: number): number {
    return place & PIECE_MASK;
  }

  labels(place: number): Labels {
    const piece = this.piece(place);
    const at = this.offset(place);
    const n = piece[at];
    const names = new Array<string>(n);
    const values = new Array<string>(n);
    for (let i = 0; i < n; i++) {
      const pair = piece[at + 1 + i];
      names[i] = this.symbols.text(this.names[pair]);
      values[i] = this.symbols.text(this.values[pair]);
    }
    return new Labels(names, values);
  }

  /** The symbol of the value that a label, given by its symbol, has in the set; -1 where it has none. */
  valueOf(place: number, name: number): number {
    const piece = this.piece(place);
    const at = this.offset(place);
    const end = at + 1 + piece[at];
    for (let i = at + 1; i < end; i++) if (this.names[piece[i]] === name) return this.values[piece[i]];
    return -1;
  }

  /** Writes a set as the log has it. */
  encode(place: number, out: ByteWriter): void {
    const { symbols } = this;
    const piece = this.piece(place);
    const at = this.offset(place);
    const n = piece[at];
    out.uvarint(n);
    for (let i = 0; i < n; i++) {
      const pair = piece[at + 1 + i];
      copySymbol(symbols, this.names[pair], out);
      copySymbol(symbols, this.values[pair], out);
    }
  }

  /** Prometheus' order of label sets: name by name, value by value, a prefix before what extends it. */
  compare(a: number, b: number): number {
    const { symbols, names, values } = this;
    const left = this.piece(a);
    const right = this.piece(b);
    let i = this.offset(a);
    let j = this.offset(b);
    const m = left[i++];
    const n = right[j++];
    for (let rest = Math.min(m, n); rest > 0; rest--) {
      const x = left[i++];
      const y = right[j++];
      if (x === y) continue;
      return names[x] === names[y]
        ? symbols.compare(values[x], values[y])
        : symbols.compare(names[x], names[y]);
    }
    return m - n;
  }

  /** The number of the pair of these symbols, or -1. */
  findPair(name: number, value: number): number {
    return this.slots[this.slotOf(name, value)] - 1;
  }

  /** Calls `each` with the pairs of a name, given by its symbol. */
  eachPairOf(name: number, each: (pair: number) => void): void {
    for (let pair = this.newestOfName.get(name) ?? 0; pair !== 0; pair = this.previousOfName[pair - 1]) {
      each(pair - 1);
    }
  }

  /** The same one by one, for who pauses in between: pairs that are added meanwhile do not come. */
  *pairsOfName(name: number): Generator<number, void> {
    for (let pair = this.newestOfName.get(name) ?? 0; pair !== 0; pair = this.previousOfName[pair - 1]) {
      yield pair - 1;
    }
  }

  /** How many pairs a name, given by its symbol, has. */
  pairsOf(name: number): number {
    return this.countOfName.get(name) ?? 0;
  }

  /** Symbols of all names. */
  nameSymbols(): Iterable<number> {
    return this.newestOfName.keys();
  }

  private begin(length: number): number {
    const { current } = this;
    if (length > current.pairs.length) current.pairs = copied(current.pairs, new Uint32Array(length * 2));
    current.length = length;
    this.previousLength = 0;
    return length;
  }

  private pair(name: number, value: number): number {
    const slot = this.slotOf(name, value);
    if (this.slots[slot] > 0) return this.slots[slot] - 1;
    const pair = this.pairCount++;
    if (pair === this.names.length) {
      const length = grownLength(pair, pair + 1);
      this.names = copied(this.names, sharedColumn(length));
      this.values = copied(this.values, sharedColumn(length));
      this.previousOfName = copied(this.previousOfName, new Uint32Array(length));
    }
    this.names[pair] = name;
    this.values[pair] = value;
    this.previousOfName[pair] = this.newestOfName.get(name) ?? 0;
    this.newestOfName.set(name, pair + 1);
    this.countOfName.set(name, this.pairsOf(name) + 1);
    this.slots[slot] = pair + 1;
    if (this.pairCount * 2 > this.slots.length) this.rehash();
    return pair;
  }

  private slotOf(name: number, value: number): number {
    const { slots, names, values } = this;
    const mask = slots.length - 1;
    let slot = hashOf(name, value) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const pair = slots[slot] - 1;
      if (values[pair] === value && names[pair] === name) break;
    }
    return slot;
  }

  private rehash(): void {
    const mask = this.slots.length * 2 - 1;
    this.slots = new Int32Array(mask + 1);
    for (let pair = 0; pair < this.pairCount; pair++) {
      let slot = hashOf(this.names[pair], this.values[pair]) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = pair + 1;
    }
  }
}

function hashOf(name: number, value: number): number {
  const h = Math.imul(value, 0x9e3779b1) ^ Math.imul(name, 0x85ebca6b);
  return h ^ (h >>> 15);
}

function copySymbol(symbols: HeadSymbols, symbol: number, out: ByteWriter): void {
  const start = symbols.offset(symbol);
  const length = symbols.byteLength(symbol);
  out.copy(symbols.piece(symbol), start, start + uvarintSize(length) + length);
}
