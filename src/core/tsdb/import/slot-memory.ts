/**
 * Memory for chunks that are being written: slots of a few sizes in large segments, so that a million open chunks are
 * a handful of arrays to the garbage collector. A slot is named by its address, segment and offset in one number.
 */

/** Bytes of the slots of each class: the largest has room for the longest float chunk and one sample more. */
export const SLOT_BYTES: readonly number[] = [64, 128, 256, 512, 1056];
const SEGMENT_BITS = 20;
const SEGMENT_BYTES = 1 << SEGMENT_BITS;

export class SlotMemory {
  private readonly segments: Uint8Array[] = [];
  /** Where in the last segment the next slot is cut. */
  private next = SEGMENT_BYTES;
  private readonly free: number[][] = SLOT_BYTES.map(() => []);
  private taken = 0;

  /** Bytes of the slots in use. */
  get usedBytes(): number {
    return this.taken;
  }

  /** The segment of an address; the slot starts at `address % 2^20`, which is `offsetOf`. */
  bytesOf(address: number): Uint8Array {
    return this.segments[address >>> SEGMENT_BITS];
  }

  offsetOf(address: number): number {
    return address & (SEGMENT_BYTES - 1);
  }

  /** A slot of this class; what is in it is undefined. */
  take(slotClass: number): number {
    this.taken += SLOT_BYTES[slotClass];
    const reused = this.free[slotClass].pop();
    if (reused !== undefined) return reused;
    const size = SLOT_BYTES[slotClass];
    if (this.next + size > SEGMENT_BYTES) {
      this.segments.push(new Uint8Array(SEGMENT_BYTES));
      this.next = 0;
    }
    const address = (this.segments.length - 1) * SEGMENT_BYTES + this.next;
    this.next += size;
    return address;
  }

  give(address: number, slotClass: number): void {
    this.taken -= SLOT_BYTES[slotClass];
    this.free[slotClass].push(address);
  }

  /** Makes all slots free. */
  clear(): void {
    this.segments.length = 0;
    this.next = SEGMENT_BYTES;
    for (const list of this.free) list.length = 0;
    this.taken = 0;
  }
}
