/**
 * Numbers label sets in order of their first appearance. A hash table of numbers only, so that a hundred thousand
 * series are not as many objects; keyed, so that a target cannot choose labels that make it slow.
 */
import { randomBytes } from 'node:crypto';
import { halfSipHash } from '../encoding/siphash.ts';
import type { Labels } from '../model/labels.ts';

const EMPTY = -1;
const SEPARATOR = 0xff;
/** UTF-8 takes at most this many bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

const key = randomBytes(8);
const KEY_LOW = key.readInt32LE(0);
const KEY_HIGH = key.readInt32LE(4);

const encoder = new TextEncoder();
const digest = new Uint32Array(2);
let scratch = new Uint8Array(1024);

export class LabelsIndex {
  /** By number. */
  readonly labels: Labels[] = [];
  private hashes: Uint32Array = new Uint32Array(32);
  private slots: Int32Array = new Int32Array(64).fill(EMPTY);

  /** The number of an equal set, or -1. */
  find(labels: Labels): number {
    return this.slots[this.slotOf(labels, hashOf(labels))];
  }

  /** The number of an equal set, which is entered where there is none. */
  enter(labels: Labels): number {
    const hash = hashOf(labels);
    let slot = this.slotOf(labels, hash);
    const known = this.slots[slot];
    if (known !== EMPTY) return known;
    const id = this.labels.length;
    if ((id + 1) * 2 > this.slots.length) {
      this.widen();
      slot = this.slotOf(labels, hash);
    }
    this.slots[slot] = id;
    this.hashes[id] = hash;
    this.labels.push(labels);
    return id;
  }

  private slotOf(labels: Labels, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot];
      if (id === EMPTY || (this.hashes[id] === hash && this.labels[id].equals(labels))) return slot;
    }
  }

  private widen(): void {
    const mask = this.slots.length * 2 - 1;
    this.slots = new Int32Array(mask + 1).fill(EMPTY);
    const hashes = new Uint32Array((mask + 1) / 2);
    hashes.set(this.hashes);
    this.hashes = hashes;
    for (let id = 0; id < this.labels.length; id++) {
      let slot = hashes[id] & mask;
      while (this.slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.slots[slot] = id;
    }
  }
}

function hashOf({ names, values }: Labels): number {
  let end = 0;
  for (let i = 0; i < names.length; i++) {
    end = encode(names[i], end);
    end = encode(values[i], end);
  }
  halfSipHash(KEY_LOW, KEY_HIGH, scratch, 0, end, digest, 0);
  return digest[0];
}

/** Writes `text` and a separator into `scratch` at `at`; returns where they end. */
function encode(text: string, at: number): number {
  const most = at + text.length * BYTES_PER_UNIT + 1;
  if (most > scratch.length) {
    const wider = new Uint8Array(most * 2);
    wider.set(scratch.subarray(0, at));
    scratch = wider;
  }
  const end = at + encoder.encodeInto(text, scratch.subarray(at)).written;
  scratch[end] = SEPARATOR;
  return end + 1;
}
