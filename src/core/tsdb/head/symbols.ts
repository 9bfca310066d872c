/**
 * The distinct label names and values of a head, numbered from 0 as they appear. They are kept as UTF-8 in large
 * pieces, each after its length as a varint (as the log has them), and found by their bytes: a million label values
 * are not a million strings. A string is made when it is asked for, and remembered for a while.
 */
import { utf8Text } from '../../encoding/byte-reader.ts';
import { copied, grownLength, sharedColumn } from '../../encoding/grown.ts';
import { hashKey } from '../../encoding/hash-key.ts';
import { uvarintSize, writeUvarint } from '../../encoding/varint.ts';

const PIECE_SHIFT = 18;
const PIECE_BYTES = 1 << PIECE_SHIFT;
const PIECE_MASK = PIECE_BYTES - 1;
const INITIAL_SYMBOLS = 1024;
const TEXT_BLOCK = 1024;
/** Strings remembered, before all are forgotten. */
const MAX_TEXTS = 1 << 18;

/** The strings alone, to be read in another thread. */
export interface SymbolsImage {
  pieces: Uint8Array[];
  places: Uint32Array;
}

export class HeadSymbols {
  count = 0;
  private pieces: Uint8Array[] = [];
  /** Where the last piece is used up to; a string longer than a piece has one of its own. */
  private used = PIECE_BYTES;
  /** Piece and offset of each symbol; shared, as the pieces are. */
  private places: Uint32Array = sharedColumn(INITIAL_SYMBOLS);
  private hashes = new Uint32Array(INITIAL_SYMBOLS);
  /** Open addressing over the hashes: symbol + 1, or 0. */
  private slots = new Int32Array(INITIAL_SYMBOLS * 2);
  /** Differs from process to process, so that nobody can choose strings that share a slot. */
  private readonly seed: number = hashKey(1)[0];
  private texts: (string[] | undefined)[] = [];
  private textCount = 0;

  /** Symbols to be read, not to be found or added to. */
  static of(image: SymbolsImage): HeadSymbols {
    const symbols = new HeadSymbols();
    symbols.pieces = image.pieces;
    symbols.places = image.places;
    return symbols;
  }

  /** Views of memory that is shared, and only added to. */
  image(): SymbolsImage {
    return { pieces: this.pieces, places: this.places };
  }

  /** The number of the symbol whose UTF-8 is bytes [start, end); -1 where there is none. */
  find(from: Uint8Array, start: number, end: number): number {
    const hash = hashOf(this.seed, from, start, end);
    const slot = this.slotOf(hash, from, start, end);
    return this.slots[slot] - 1;
  }

  /** As `find`; the bytes are copied where they are new. */
  intern(from: Uint8Array, start: number, end: number): number {
    const hash = hashOf(this.seed, from, start, end);
    const slot = this.slotOf(hash, from, start, end);
    return this.slots[slot] > 0 ? this.slots[slot] - 1 : this.add(hash, from, start, end, slot);
  }

  findText(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    return this.find(bytes, 0, bytes.length);
  }

  text(symbol: number): string {
    const block = Math.floor(symbol / TEXT_BLOCK);
    const known = this.texts[block]?.[symbol % TEXT_BLOCK];
    if (known !== undefined) return known;
    const length = this.byteLength(symbol);
    const at = this.offset(symbol) + uvarintSize(length);
    const text = utf8Text(this.piece(symbol), at, at + length);
    if (++this.textCount > MAX_TEXTS) {
      this.texts = [];
      this.textCount = 1;
    }
    (this.texts[block] ??= [])[symbol % TEXT_BLOCK] = text;
    return text;
  }

  /** Bytes of the symbol's UTF-8. */
  byteLength(symbol: number): number {
    const bytes = this.piece(symbol);
    let at = this.offset(symbol);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) return length;
    }
  }

  /** Whether symbol `symbol` is these bytes. */
  is(symbol: number, from: Uint8Array, start: number, end: number): boolean {
    const bytes = this.piece(symbol);
    let at = this.offset(symbol);
    const length = end - start;
    if (length < 128) {
      if (bytes[at++] !== length) return false;
    } else {
      let rest = length;
      while (rest >= 128) {
        if (bytes[at++] !== (rest & 0x7f) + 128) return false;
        rest >>>= 7;
      }
      if (bytes[at++] !== rest) return false;
    }
    for (let i = start; i < end; i++) if (bytes[at++] !== from[i]) return false;
    return true;
  }

  /** The order of the symbols' bytes, which is that of their code points: negative where `a` is before `b`. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const left = this.piece(a);
    const right = this.piece(b);
    let i = this.offset(a);
    let j = this.offset(b);
    let m = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = left[i++];
      m |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    let n = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = right[j++];
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    for (let rest = Math.min(m, n); rest > 0; rest--) {
      const difference = left[i++] - right[j++];
      if (difference !== 0) return difference;
    }
    return m - n;
  }

  /** The memory that a symbol lies in, and where: its length as a varint, then its UTF-8. */
  piece(symbol: number): Uint8Array {
    return this.pieces[this.places[symbol] >>> PIECE_SHIFT];
  }

  offset(symbol: number): number {
    return this.places[symbol] & PIECE_MASK;
  }

  private slotOf(hash: number, from: Uint8Array, start: number, end: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const symbol = slots[slot] - 1;
      if (hashes[symbol] === hash && this.is(symbol, from, start, end)) break;
    }
    return slot;
  }

  private add(hash: number, from: Uint8Array, start: number, end: number, slot: number): number {
    const symbol = this.count++;
    if (symbol === this.places.length) {
      const length = grownLength(symbol, symbol + 1);
      this.places = copied(this.places, sharedColumn(length));
      this.hashes = copied(this.hashes, new Uint32Array(length));
    }
    const length = end - start;
    const size = uvarintSize(length) + length;
    if (this.used + size > PIECE_BYTES) {
      // Shared, so that handing the symbols to another thread copies nothing.
      this.pieces.push(new Uint8Array(new SharedArrayBuffer(Math.max(PIECE_BYTES, size))));
      this.used = 0;
    }
    const piece = this.pieces[this.pieces.length - 1];
    this.places[symbol] = (this.pieces.length - 1) * PIECE_BYTES + this.used;
    let at = writeUvarint(piece, this.used, length);
    for (let i = start; i < end; i++) piece[at++] = from[i];
    this.used += size;
    this.hashes[symbol] = hash;
    this.slots[slot] = symbol + 1;
    if (this.count * 2 > this.slots.length) this.rehash();
    return symbol;
  }

  private rehash(): void {
    const mask = this.slots.length * 2 - 1;
    this.slots = new Int32Array(mask + 1);
    for (let symbol = 0; symbol < this.count; symbol++) {
      let slot = this.hashes[symbol] & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = symbol + 1;
    }
  }
}

/** Four bytes a step, mixed as MurmurHash3 mixes them. */
function hashOf(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let h = seed ^ (end - start);
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(k, 0xcc9e2d51);
    h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (; i < end; i++) rest = (rest << 8) | bytes[i];
  h ^= Math.imul(rest, 0xcc9e2d51);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
