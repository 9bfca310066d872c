/** Where the chunks of one series are, and what times they cover, as an index says; in time order. Reused. */
export class ChunkMetas {
  /** Entries in use. */
  length = 0;
  /** Times of the first and last sample, ms. */
  mint: Float64Array = new Float64Array(16);
  maxt: Float64Array = new Float64Array(16);
  /** Segment number (from 0) times 2^32, plus the offset in that segment's file. */
  ref: Float64Array = new Float64Array(16);

  push(mint: number, maxt: number, ref: number): void {
    const i = this.length;
    if (i === this.mint.length) {
      this.mint = doubled(this.mint);
      this.maxt = doubled(this.maxt);
      this.ref = doubled(this.ref);
    }
    this.mint[i] = mint;
    this.maxt[i] = maxt;
    this.ref[i] = ref;
    this.length = i + 1;
  }
}

function doubled(array: Float64Array): Float64Array {
  const out = new Float64Array(array.length * 2);
  out.set(array);
  return out;
}
