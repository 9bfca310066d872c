/**
 * The body of one answer in one piece of memory, which grows to a limit and no further, and serves one scrape after
 * another.
 */

const INITIAL_BYTES = 16 * 1024;
/** A capacity that the last bodies did not need is given back above this size. */
const KEEP_BYTES = 1024 * 1024;

export class BodyBuffer {
  private store: Uint8Array = new Uint8Array(0);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** The bytes so far; valid until the next call of `push` or `clear`. */
  get bytes(): Uint8Array {
    return this.store.subarray(0, this.used);
  }

  /** Makes ready for the next body, and lets go of memory that an unusually large one left behind. */
  clear(): void {
    if (this.store.length > KEEP_BYTES && this.used < this.store.length / 4) this.store = new Uint8Array(0);
    this.used = 0;
  }

  /** Makes room ahead, where the size is known; a hint that costs nothing when it is wrong. */
  expect(sizeBytes: number): void {
    if (sizeBytes > this.store.length && sizeBytes <= KEEP_BYTES) this.grow(sizeBytes, KEEP_BYTES);
  }

  /**
   * Adds a piece. False, with nothing added, where the body would reach `limitBytes` (0 for none): like Prometheus,
   * whose limit is already exceeded by a body of exactly that size.
   */
  push(piece: Uint8Array, limitBytes: number): boolean {
    const size = this.used + piece.length;
    if (limitBytes > 0 && size >= limitBytes) return false;
    if (size > this.store.length) this.grow(size, limitBytes);
    this.store.set(piece, this.used);
    this.used = size;
    return true;
  }

  private grow(needed: number, limitBytes: number): void {
    let size = Math.max(this.store.length * 2, INITIAL_BYTES);
    while (size < needed) size *= 2;
    if (limitBytes > 0) size = Math.min(size, Math.max(limitBytes, needed));
    const store = new Uint8Array(size);
    store.set(this.store.subarray(0, this.used));
    this.store = store;
  }
}
