/**
 * Numbers the values that occur, from 0 on in order of first appearance: a hash table with open addressing, keyed by
 * a group and the bits of a value, so that nothing is formatted or allocated for a value that is known.
 */

const INITIAL_SLOTS = 64;

export class ValueNumbers {
  /** Values numbered so far. */
  count = 0;
  /** Number + 1 of the value in a slot, 0 where there is none. */
  private slots = new Int32Array(INITIAL_SLOTS);
  /** By number. */
  private groups = new Int32Array(INITIAL_SLOTS);
  private highs = new Int32Array(INITIAL_SLOTS);
  private lows = new Int32Array(INITIAL_SLOTS);

  /** The number of a value, given the halves of its bits. */
  of(group: number, high: number, low: number): number {
    const { groups, highs, lows } = this;
    const mask = this.slots.length - 1;
    for (let slot = hash(group, high, low) & mask; ; slot = (slot + 1) & mask) {
      const number = this.slots[slot] - 1;
      if (number < 0) return this.add(slot, group, high, low);
      if (lows[number] === low && highs[number] === high && groups[number] === group) return number;
    }
  }

  private add(slot: number, group: number, high: number, low: number): number {
    const number = this.count++;
    if (number === this.groups.length) {
      this.groups = doubled(this.groups);
      this.highs = doubled(this.highs);
      this.lows = doubled(this.lows);
    }
    this.groups[number] = group;
    this.highs[number] = high;
    this.lows[number] = low;
    this.slots[slot] = number + 1;
    if (this.count * 2 > this.slots.length) this.rehash();
    return number;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 4);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = hash(this.groups[number], this.highs[number], this.lows[number]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.slots = slots;
  }
}

function hash(group: number, high: number, low: number): number {
  let h = Math.imul(high ^ (high >>> 15), 0x85ebca6b) ^ low;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) + Math.imul(group, 0x9e3779b1);
  return h ^ (h >>> 16);
}

/** A copy with as much room again. */
export function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const out = new Int32Array(array.length * 2);
  out.set(array);
  return out;
}
