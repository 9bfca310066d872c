/**
 * A place within a float chunk at which decoding may begin, left by an earlier decoding. Samples are differences to those
 * before them, so whoever wants the end of a chunk has to go through all of it, but only the first time.
 */
export class XorMark {
  /** The chunk, named as its owner likes; the owner forgets the place where it is another one. */
  chunk = -1;
  /** Whoever wants samples from this time (ms) on, or a later one, may begin here. */
  from = Number.POSITIVE_INFINITY;
  /** The state of the decoder behind the sample there: its number (from 1), time and value, and the next bit. */
  read = 0;
  t = 0;
  delta = 0;
  high = 0;
  low = 0;
  leading = 0;
  trailing = 0;
  bit = 0;

  /** Itself as a mark of the chunk, with no place yet unless it was one of it before. */
  of(chunk: number): this {
    if (this.chunk !== chunk) {
      this.chunk = chunk;
      this.from = Number.POSITIVE_INFINITY;
    }
    return this;
  }
}
