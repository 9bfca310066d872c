/** Finished chunks of many series, in the order in which they were finished, as columns. */
import { copied } from '../../encoding/grown.ts';

const SEGMENT_BITS = 22;
const SEGMENT_BYTES = 1 << SEGMENT_BITS;
/** What the columns take for each chunk. */
const ROW_BYTES = 4 + 8 + 8 + 8 + 4 + 2 + 1;

export class ChunkTable {
  length = 0;
  series = new Uint32Array(1024);
  /** Times of first and last sample, ms. */
  mint = new Float64Array(1024);
  maxt = new Float64Array(1024);
  count = new Uint16Array(1024);
  encoding = new Uint8Array(1024);
  size = new Uint32Array(1024);
  /** Segment and offset of the chunk's data. */
  private address = new Float64Array(1024);
  private readonly segments: Uint8Array[] = [];
  private end = SEGMENT_BYTES;
  private dataBytes = 0;

  /** Bytes in use. */
  get usedBytes(): number {
    return this.dataBytes + this.length * ROW_BYTES;
  }

  /** Adds a copy of the chunk data [start, end). */
  push(
    series: number,
    encoding: number,
    mint: number,
    maxt: number,
    count: number,
    data: Uint8Array,
    start: number,
    end: number,
  ): void {
    const i = this.length;
    if (i === this.series.length) this.grow();
    this.series[i] = series;
    this.encoding[i] = encoding;
    this.mint[i] = mint;
    this.maxt[i] = maxt;
    this.count[i] = count;
    this.size[i] = end - start;
    this.address[i] = this.store(data, start, end);
    this.length = i + 1;
  }

  /** The bytes that hold chunk `i`, from `startOf(i)` on. */
  bytesOf(i: number): Uint8Array {
    return this.segments[Math.floor(this.address[i] / SEGMENT_BYTES)];
  }

  startOf(i: number): number {
    return this.address[i] % SEGMENT_BYTES;
  }

  clear(): void {
    this.length = 0;
    this.segments.length = 0;
    this.end = SEGMENT_BYTES;
    this.dataBytes = 0;
  }

  private store(data: Uint8Array, start: number, end: number): number {
    const size = end - start;
    let segment = this.segments.length - 1;
    if (this.end + size > SEGMENT_BYTES) {
      // A histogram chunk may be larger than a segment, and then has one to itself.
      this.segments.push(new Uint8Array(Math.max(SEGMENT_BYTES, size)));
      segment++;
      this.end = 0;
    }
    const offset = this.end;
    this.segments[segment].set(data.subarray(start, end), offset);
    this.end = offset + size;
    this.dataBytes += size;
    return segment * SEGMENT_BYTES + offset;
  }

  private grow(): void {
    const size = this.series.length * 2;
    this.series = copied(this.series, new Uint32Array(size));
    this.mint = copied(this.mint, new Float64Array(size));
    this.maxt = copied(this.maxt, new Float64Array(size));
    this.count = copied(this.count, new Uint16Array(size));
    this.encoding = copied(this.encoding, new Uint8Array(size));
    this.size = copied(this.size, new Uint32Array(size));
    this.address = copied(this.address, new Float64Array(size));
  }
}
