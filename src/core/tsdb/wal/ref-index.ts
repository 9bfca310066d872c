/** From the refs of a log to indexes of series, as open addressing in typed arrays: 24 bytes a ref. */

const INITIAL_SLOTS = 1024;

export class RefIndex {
  private keys = new Float64Array(INITIAL_SLOTS);
  private values = new Int32Array(INITIAL_SLOTS);
  private count = 0;

  /** The index set for `ref` (1 or more), or -1. */
  get(ref: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    for (let slot = slotOf(ref, mask); keys[slot] !== 0; slot = (slot + 1) & mask) {
      if (keys[slot] === ref) return this.values[slot];
    }
    return -1;
  }

  set(ref: number, index: number): void {
    if (this.count * 2 >= this.keys.length) this.grow();
    const mask = this.keys.length - 1;
    let slot = slotOf(ref, mask);
    while (this.keys[slot] !== 0 && this.keys[slot] !== ref) slot = (slot + 1) & mask;
    if (this.keys[slot] === 0) this.count++;
    this.keys[slot] = ref;
    this.values[slot] = index;
  }

  private grow(): void {
    const { keys, values } = this;
    this.keys = new Float64Array(keys.length * 2);
    this.values = new Int32Array(keys.length * 2);
    this.count = 0;
    for (let slot = 0; slot < keys.length; slot++) if (keys[slot] !== 0) this.set(keys[slot], values[slot]);
  }
}

/** Refs are mostly consecutive, and then so are their slots: a scan of them goes through memory in order. */
function slotOf(ref: number, mask: number): number {
  return (ref ^ (ref / 2 ** 32)) & mask;
}
