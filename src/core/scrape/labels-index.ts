/** Finds a label set's number: a hash table of numbers only, so that a hundred thousand series are not as many objects. */
import type { Labels } from '../model/labels.ts';

const EMPTY = -1;

export class LabelsIndex {
  private slots: Int32Array = new Int32Array(64).fill(EMPTY);
  private used = 0;
  private readonly labels: readonly Labels[];

  /** `labels` holds the sets by number; it belongs to the caller, who adds to it before calling `add`. */
  constructor(labels: readonly Labels[]) {
    this.labels = labels;
  }

  /** The number of an equal set, or -1. */
  find(labels: Labels): number {
    return this.slots[this.slotOf(labels)];
  }

  /** Enters the set numbered `id`, which must not be there yet. */
  add(id: number): void {
    if ((this.used + 1) * 2 > this.slots.length) this.widen();
    this.slots[this.slotOf(this.labels[id])] = id;
    this.used++;
  }

  private slotOf(labels: Labels): number {
    const mask = this.slots.length - 1;
    let slot = labels.hash() & mask;
    for (;;) {
      const id = this.slots[slot];
      if (id === EMPTY || this.labels[id].equals(labels)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private widen(): void {
    const old = this.slots;
    const mask = old.length * 2 - 1;
    this.slots = new Int32Array(mask + 1).fill(EMPTY);
    for (const id of old) {
      if (id === EMPTY) continue;
      let slot = this.labels[id].hash() & mask;
      while (this.slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.slots[slot] = id;
    }
  }
}
