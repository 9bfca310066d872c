/** Finished chunks of one series, in time order, as columns over one buffer. Reused for one series after another. */
import { copied } from '../../encoding/grown.ts';

const INITIAL_CHUNKS = 16;
const INITIAL_BYTES = 4096;

export class ChunkList {
  /** Chunks in use. */
  length = 0;
  /** Times of first and last sample, ms. */
  mint: Float64Array = new Float64Array(INITIAL_CHUNKS);
  maxt: Float64Array = new Float64Array(INITIAL_CHUNKS);
  /** Samples of each chunk. */
  count: Uint16Array = new Uint16Array(INITIAL_CHUNKS);
  encoding: Uint8Array = new Uint8Array(INITIAL_CHUNKS);
  /** Chunk i's data is `bytes` from `start[i]` to `end[i]`. */
  start: Uint32Array = new Uint32Array(INITIAL_CHUNKS);
  end: Uint32Array = new Uint32Array(INITIAL_CHUNKS);
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);

  clear(): void {
    this.length = 0;
  }

  /** Where the next chunk's data starts. */
  get used(): number {
    return this.length === 0 ? 0 : this.end[this.length - 1];
  }

  /** Makes `bytes` long enough for `size` more bytes after `used`. */
  reserve(size: number): void {
    const used = this.used;
    if (used + size <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, used + size));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  /** Adds a chunk whose `size` bytes of data were written at `used`. */
  close(encoding: number, mint: number, maxt: number, count: number, size: number): void {
    const i = this.length;
    if (i === this.mint.length) this.grow();
    const start = this.used;
    this.mint[i] = mint;
    this.maxt[i] = maxt;
    this.count[i] = count;
    this.encoding[i] = encoding;
    this.start[i] = start;
    this.end[i] = start + size;
    this.length = i + 1;
  }

  /** Adds a copy of a chunk's data [start, end). */
  push(
    encoding: number,
    mint: number,
    maxt: number,
    count: number,
    data: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.reserve(end - start);
    this.bytes.set(data.subarray(start, end), this.used);
    this.close(encoding, mint, maxt, count, end - start);
  }

  private grow(): void {
    const size = this.mint.length * 2;
    this.mint = copied(this.mint, new Float64Array(size));
    this.maxt = copied(this.maxt, new Float64Array(size));
    this.count = copied(this.count, new Uint16Array(size));
    this.encoding = copied(this.encoding, new Uint8Array(size));
    this.start = copied(this.start, new Uint32Array(size));
    this.end = copied(this.end, new Uint32Array(size));
  }
}
