/**
 * The distinct label names and values of a log, numbered from 0 as they appear. They are found by their bytes, so
 * that a million series that share their label values cost no million strings; a string is made when asked for.
 */
import { utf8Text } from '../../encoding/byte-reader.ts';
import { copied } from '../../encoding/grown.ts';

const INITIAL_SLOTS = 1024;

export class LabelSymbols {
  count = 0;
  /** UTF-8 of all symbols, one after another; symbol i is [starts[i], starts[i + 1]). */
  private bytes = new Uint8Array(16 * 1024);
  private starts = new Float64Array(256);
  private hashes = new Uint32Array(256);
  /** Open addressing over the hashes: symbol + 1, or 0. */
  private slots = new Int32Array(INITIAL_SLOTS);
  private readonly texts: (string | undefined)[] = [];

  /** The number of the symbol whose UTF-8 is bytes [start, end); it is copied where it is new. */
  intern(from: Uint8Array, start: number, end: number): number {
    const hash = hashOf(from, start, end);
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const symbol = slots[slot] - 1;
      if (this.hashes[symbol] === hash && this.is(symbol, from, start, end)) return symbol;
    }
    return this.add(hash, from, start, end, slot);
  }

  /** As `intern`, for what may well be the symbol `guess`, or -1. */
  internLike(guess: number, from: Uint8Array, start: number, end: number): number {
    return guess >= 0 && this.is(guess, from, start, end) ? guess : this.intern(from, start, end);
  }

  internText(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    return this.intern(bytes, 0, bytes.length);
  }

  text(symbol: number): string {
    let text = this.texts[symbol];
    if (text === undefined) {
      text = utf8Text(this.bytes, this.starts[symbol], this.starts[symbol + 1]);
      this.texts[symbol] = text;
    }
    return text;
  }

  /** The order of the symbols' bytes, which is that of their code points: negative where `a` is before `b`. */
  compare(a: number, b: number): number {
    const { bytes, starts } = this;
    let i = starts[a];
    let j = starts[b];
    const n = Math.min(starts[a + 1] - i, starts[b + 1] - j);
    for (let left = n; left > 0; left--) {
      const difference = bytes[i++] - bytes[j++];
      if (difference !== 0) return difference;
    }
    return starts[a + 1] - starts[a] - (starts[b + 1] - starts[b]);
  }

  /** Whether the symbol's UTF-8 is bytes [start, end). */
  is(symbol: number, from: Uint8Array, start: number, end: number): boolean {
    const { bytes } = this;
    let i = this.starts[symbol];
    if (this.starts[symbol + 1] - i !== end - start) return false;
    for (let j = start; j < end; j++) if (bytes[i++] !== from[j]) return false;
    return true;
  }

  private add(hash: number, from: Uint8Array, start: number, end: number, slot: number): number {
    const symbol = this.count++;
    const at = this.starts[symbol];
    const stop = at + end - start;
    if (stop > this.bytes.length)
      this.bytes = copied(this.bytes, new Uint8Array(Math.max(stop, this.bytes.length * 2)));
    if (symbol + 1 === this.starts.length) {
      this.starts = copied(this.starts, new Float64Array(this.starts.length * 2));
      this.hashes = copied(this.hashes, new Uint32Array(this.hashes.length * 2));
    }
    this.bytes.set(from.subarray(start, end), at);
    this.starts[symbol + 1] = stop;
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

/** FNV-1a, its high bits folded in. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
