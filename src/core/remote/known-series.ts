/**
 * Which series the samples of earlier requests went to, of those who write to a server. A sender says the same of a series
 * each time, byte for byte: what those bytes came to is looked up by them, and neither decoded nor translated again.
 *
 * A series is known by these bytes and by its context, a number that stands for everything else that its labels depend
 * on: of OTLP, resource, scope, metric and, of histograms and summaries, the bounds; remote write has but one.
 */
import { copied, grownLength } from '../encoding/grown.ts';
import { hashKey } from '../encoding/hash-key.ts';

/** Of keys, beyond which all is forgotten: who never sends the same again does not fill the memory. */
const MAX_BYTES = 64 << 20;
const INITIAL_SLOTS = 1024;

export class KnownSeries {
  /** Numbers of contexts. */
  private readonly contexts = new Map<string, number>();
  private contextBytes = 0;
  /** Keys, one behind another. */
  private keys = new Uint8Array(4096);
  private keysView = new DataView(this.keys.buffer);
  private keyBytes = 0;
  private count = 0;
  /** By entry. The refs of an entry end where those of the next begin. */
  private context = new Uint32Array(64);
  private hash = new Int32Array(64);
  private keyStart = new Uint32Array(64);
  private keyEnd = new Uint32Array(64);
  private firstRef = new Uint32Array(64);
  private refCount = 0;
  /** Refs of all entries; what is below 0 is none. */
  refs: Int32Array = new Int32Array(64);
  /** 1 for refs that an entry has; several entries may have the same. */
  private kept: Uint8Array = new Uint8Array(64);
  /** Open addressing: entry + 1, 0 where there is none. */
  private slots = new Int32Array(INITIAL_SLOTS);
  /** The bytes that keys are in at present, by words. */
  private given: Uint8Array = this.keys;
  private givenView: DataView = this.keysView;
  /** Nobody can know which keys meet in one slot. */
  private readonly seed = hashKey(1)[0] | 0;

  get isFull(): boolean {
    return this.keyBytes + this.contextBytes > MAX_BYTES;
  }

  /** Whether a ref stays for later requests. */
  has(ref: number): boolean {
    return this.kept[ref] === 1;
  }

  /** The number of a context, which is made where it is new. */
  contextOf(text: string): number {
    let number = this.contexts.get(text);
    if (number === undefined) {
      number = this.contexts.size;
      this.contexts.set(text, number);
      this.contextBytes += text.length * 2;
    }
    return number;
  }

  /** Where the refs of that key start in `refs`; -1 where it is not known. */
  find(context: number, bytes: Uint8Array, start: number, end: number): number {
    this.look(bytes);
    const hash = this.hashOf(context, start, end);
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot] - 1;
      if (this.hash[entry] !== hash || this.context[entry] !== context) continue;
      if (this.isKey(entry, start, end)) return this.firstRef[entry];
    }
    return -1;
  }

  /** The key must be new. Returns where its refs start. */
  add(context: number, bytes: Uint8Array, start: number, end: number, refs: readonly number[]): number {
    this.look(bytes);
    this.reserve(end - start, refs.length);
    const entry = this.count++;
    this.context[entry] = context;
    this.hash[entry] = this.hashOf(context, start, end);
    this.keyStart[entry] = this.keyBytes;
    for (let i = start; i < end; i++) this.keys[this.keyBytes++] = bytes[i];
    this.keyEnd[entry] = this.keyBytes;
    const first = this.refCount;
    this.firstRef[entry] = first;
    for (const ref of refs) {
      this.refs[this.refCount++] = ref;
      if (ref >= 0) this.keep(ref);
    }
    if (this.count * 2 > this.slots.length) this.rehash();
    else this.place(entry);
    return first;
  }

  /** Lets go of the request whose keys were looked for. */
  done(): void {
    this.given = this.keys;
    this.givenView = this.keysView;
  }

  /** Forgets everything; `each` gets every ref there was, once. */
  clear(each: (ref: number) => void): void {
    for (let i = 0; i < this.refCount; i++) {
      const ref = this.refs[i];
      if (!this.has(ref)) continue;
      this.kept[ref] = 0;
      each(ref);
    }
    this.contexts.clear();
    this.contextBytes = 0;
    this.keys = new Uint8Array(4096);
    this.keysView = new DataView(this.keys.buffer);
    this.keyBytes = 0;
    this.count = 0;
    this.refCount = 0;
    this.slots = new Int32Array(INITIAL_SLOTS);
  }

  private keep(ref: number): void {
    if (ref >= this.kept.length) {
      this.kept = copied(this.kept, new Uint8Array(grownLength(this.kept.length, ref + 1)));
    }
    this.kept[ref] = 1;
  }

  private look(bytes: Uint8Array): void {
    if (this.given === bytes) return;
    this.given = bytes;
    this.givenView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether bytes [start, end) of what is given are the entry's key. */
  private isKey(entry: number, start: number, end: number): boolean {
    const { keys, keysView, given, givenView } = this;
    const from = this.keyStart[entry];
    if (this.keyEnd[entry] - from !== end - start) return false;
    let i = start;
    let j = from;
    for (; i + 4 <= end; i += 4, j += 4) if (givenView.getInt32(i) !== keysView.getInt32(j)) return false;
    for (; i < end; i++, j++) if (given[i] !== keys[j]) return false;
    return true;
  }

  private hashOf(context: number, start: number, end: number): number {
    const { given, givenView } = this;
    let h = Math.imul(context ^ this.seed, 0x9e3779b1);
    let i = start;
    for (; i + 4 <= end; i += 4) {
      h = Math.imul(h ^ givenView.getInt32(i), 0x85ebca6b);
      h ^= h >>> 15;
    }
    for (; i < end; i++) h = Math.imul(h ^ given[i], 0x01000193);
    h = Math.imul(h ^ (end - start), 0xc2b2ae35);
    return h ^ (h >>> 16);
  }

  private place(entry: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = this.hash[entry] & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let entry = 0; entry < this.count; entry++) this.place(entry);
  }

  private reserve(keyBytes: number, refs: number): void {
    const { count } = this;
    if (this.keyBytes + keyBytes > this.keys.length) {
      const length = grownLength(this.keys.length, this.keyBytes + keyBytes);
      this.keys = copied(this.keys, new Uint8Array(length));
      this.keysView = new DataView(this.keys.buffer);
    }
    if (this.refCount + refs > this.refs.length) {
      this.refs = copied(this.refs, new Int32Array(grownLength(this.refs.length, this.refCount + refs)));
    }
    if (count < this.context.length) return;
    const length = grownLength(count, count + 1);
    this.context = copied(this.context, new Uint32Array(length));
    this.hash = copied(this.hash, new Int32Array(length));
    this.keyStart = copied(this.keyStart, new Uint32Array(length));
    this.keyEnd = copied(this.keyEnd, new Uint32Array(length));
    this.firstRef = copied(this.firstRef, new Uint32Array(length));
  }
}
