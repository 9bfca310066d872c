/**
 * Byte strings, numbered from 0 in order of arrival, and found again by their bytes: an open-addressing hash table
 * over typed arrays, with the bytes one after another in a slab. A million keys are a handful of arrays to the
 * garbage collector, and a look-up makes no object.
 *
 * Keys start at a multiple of four in the slab and are padded with zeros, so that they compare a word at a time.
 * The keys come from strangers, who may choose them to collide: when a search gets long the table turns to a keyed
 * hash, which is slower and which nobody can foresee.
 */

import { copied } from '../encoding/grown.ts';
import { hashKey } from '../encoding/hash-key.ts';
import { halfSipHash } from '../encoding/siphash.ts';

/** A search that passes this many strangers is no accident in a table that is half empty. */
const LONG_SEARCH = 200;

const MAX_SLAB_BYTES = 2 ** 32 - 1;

/** Arrays of 64 bytes are part of the heap's objects, and ten thousand small tables need no more. */
const INITIAL_KEYS = 16;
const digest = new Uint32Array(2);

export class ByteTable {
  /** Number of keys. */
  size = 0;
  /** Where each key starts in the slab, in words. Replaced when it grows, as are the next two. */
  offsets: Uint32Array = new Uint32Array(INITIAL_KEYS);
  /** Bytes of each key. */
  lengths: Uint32Array = new Uint32Array(INITIAL_KEYS);
  /** The slab, as words. */
  words: Int32Array = new Int32Array(INITIAL_KEYS);
  private hashes = new Int32Array(INITIAL_KEYS);
  private usedWords = 0;
  /** Number of a key plus one; 0 is a free slot. At most half are taken. */
  private slots = new Uint32Array(2 * INITIAL_KEYS);
  /** Of the keyed hash, once the table has turned to it. */
  private key: Int32Array | null = null;
  /** Of what `find` looked for last. */
  private lastHash = 0;

  /** The number of the key with bytes [start, end), or -1. */
  find(view: DataView, start: number, end: number): number {
    const hash = this.hash(view, start, end);
    this.lastHash = hash;
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.slots[slot] - 1;
      if (found < 0) return -1;
      if (this.hashes[found] === hash && this.equals(found, view, start, end)) return found;
    }
  }

  /** Adds bytes [start, end), which `find` has just not found, and returns their number. */
  add(view: DataView, start: number, end: number): number {
    return this.insert(view, start, end, this.lastHash);
  }

  private insert(view: DataView, start: number, end: number, hash: number): number {
    const number = this.size;
    if (number === this.offsets.length) this.growKeys();
    if ((number + 1) * 2 > this.slots.length) this.rebuild(this.slots.length * 2);
    this.offsets[number] = this.store(view, start, end);
    this.lengths[number] = end - start;
    this.hashes[number] = hash;
    this.size = number + 1;
    if (this.enter(number) > LONG_SEARCH && this.key === null) this.guard();
    return number;
  }

  /** Copies key `number` of another table, which must not be here yet. */
  addFrom(other: ByteTable, number: number): number {
    const start = other.offsets[number] * 4;
    const view = new DataView(other.words.buffer);
    const end = start + other.lengths[number];
    return this.insert(view, start, end, this.hash(view, start, end));
  }

  private equals(number: number, view: DataView, start: number, end: number): boolean {
    if (this.lengths[number] !== end - start) return false;
    const words = this.words;
    let word = this.offsets[number];
    let at = start;
    for (; at + 4 <= end; at += 4) if (view.getInt32(at, true) !== words[word++]) return false;
    return at === end || tail(view, at, end) === words[word];
  }

  private hash(view: DataView, start: number, end: number): number {
    if (this.key !== null) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
      halfSipHash(this.key[0], this.key[1], bytes, 0, bytes.length, digest, 0);
      return digest[0] | 0;
    }
    let h = end - start;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      h = Math.imul(h ^ view.getInt32(at, true), 0x9e3779b1);
      h ^= h >>> 15;
    }
    if (at < end) {
      h = Math.imul(h ^ tail(view, at, end), 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h, 0x85ebca77);
    return h ^ (h >>> 13);
  }

  private store(view: DataView, start: number, end: number): number {
    const offset = this.usedWords;
    const words = (end - start + 3) >>> 2;
    if (offset + words > this.words.length) this.growSlab(offset + words);
    let word = offset;
    let at = start;
    for (; at + 4 <= end; at += 4) this.words[word++] = view.getInt32(at, true);
    if (at < end) this.words[word] = tail(view, at, end);
    this.usedWords = offset + words;
    return offset;
  }

  /** Puts a key into the first free slot; returns how many were taken before it. */
  private enter(number: number): number {
    const mask = this.slots.length - 1;
    let slot = this.hashes[number] & mask;
    let passed = 0;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) passed++;
    this.slots[slot] = number + 1;
    return passed;
  }

  private rebuild(slots: number): void {
    this.slots = new Uint32Array(slots);
    for (let number = 0; number < this.size; number++) this.enter(number);
  }

  private guard(): void {
    this.key = new Int32Array(hashKey(2));
    const slab = new DataView(this.words.buffer);
    for (let number = 0; number < this.size; number++) {
      const start = this.offsets[number] * 4;
      this.hashes[number] = this.hash(slab, start, start + this.lengths[number]);
    }
    this.rebuild(this.slots.length);
  }

  private growKeys(): void {
    const size = this.offsets.length * 2;
    this.offsets = copied(this.offsets, new Uint32Array(size));
    this.lengths = copied(this.lengths, new Uint32Array(size));
    this.hashes = copied(this.hashes, new Int32Array(size));
  }

  private growSlab(words: number): void {
    const size = Math.max(this.words.length * 2, words, 128);
    if (size * 4 > MAX_SLAB_BYTES) throw new RangeError('too many different series in one stream');
    this.words = copied(this.words, new Int32Array(size));
  }
}

/** The last one to three bytes before `end`, as the low bytes of a word. */
export function tail(view: DataView, at: number, end: number): number {
  let word = view.getUint8(at);
  if (at + 1 < end) word |= view.getUint8(at + 1) << 8;
  if (at + 2 < end) word |= view.getUint8(at + 2) << 16;
  return word;
}
