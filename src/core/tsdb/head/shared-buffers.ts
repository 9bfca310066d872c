/**
 * Memory for large selections, used again and again: buffers of many megabytes that come and go would have the garbage
 * collector go through the whole heap each time. It is shared, so that another thread reads it where it is.
 */

/** Waiting for use at most, bytes; more is left to the garbage collector. */
const KEPT_BYTES = 96 << 20;
const LEAST_BYTES = 1 << 16;

export class SharedBuffers {
  private readonly free: SharedArrayBuffer[] = [];
  private freeBytes = 0;

  /** At least so many bytes, whose content is anything. Whoever takes it gives it back once nobody reads it. */
  take(bytes: number): SharedArrayBuffer {
    const size = Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const at = this.free.findIndex(({ byteLength }) => byteLength === size);
    if (at < 0) return new SharedArrayBuffer(size);
    this.freeBytes -= size;
    return this.free.splice(at, 1)[0];
  }

  giveBack(buffers: readonly SharedArrayBuffer[]): void {
    for (const buffer of buffers) {
      if (this.freeBytes + buffer.byteLength > KEPT_BYTES) continue;
      this.freeBytes += buffer.byteLength;
      this.free.push(buffer);
    }
  }
}
