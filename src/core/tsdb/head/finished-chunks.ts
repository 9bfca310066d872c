/**
 * Where the finished chunks of all series are: rows of a table, each of which names the next older chunk of the same
 * series (+ 1; 0 where there is none). The series has the newest.
 */
import { copied, grownLength } from '../../encoding/grown.ts';

export class FinishedChunks {
  /** Times of the first and last sample, ms. */
  mint = new Float64Array(0);
  maxt = new Float64Array(0);
  /** File and offset in it (chunk-store.ts). */
  file = new Uint32Array(0);
  offset = new Uint32Array(0);
  /** The next older chunk (+ 1). */
  older = new Uint32Array(0);
  /** Chunks that there are, and how many there were that are gone. */
  count = 0;
  dropped = 0;
  private used = 0;
  /** Free rows are a list by way of `older`. */
  private free = 0;

  /** Adds a chunk before `older`; returns the new list. */
  push(older: number, mint: number, maxt: number, file: number, offset: number): number {
    let i = this.free - 1;
    if (i >= 0) this.free = this.older[i];
    else {
      i = this.used++;
      if (i === this.mint.length) this.grow(grownLength(i, i + 1));
    }
    this.mint[i] = mint;
    this.maxt[i] = maxt;
    this.file[i] = file;
    this.offset[i] = offset;
    this.older[i] = older;
    this.count++;
    return i + 1;
  }

  /** Takes a chunk (+ 1) out of use; returns the next older one. */
  drop(chunk: number): number {
    const older = this.older[chunk - 1];
    this.older[chunk - 1] = this.free;
    this.free = chunk;
    this.count--;
    this.dropped++;
    return older;
  }

  /** Drops all chunks of a list. */
  dropAll(list: number): void {
    for (let chunk = list; chunk !== 0; ) chunk = this.drop(chunk);
  }

  private grow(rows: number): void {
    this.mint = copied(this.mint, new Float64Array(rows));
    this.maxt = copied(this.maxt, new Float64Array(rows));
    this.file = copied(this.file, new Uint32Array(rows));
    this.offset = copied(this.offset, new Uint32Array(rows));
    this.older = copied(this.older, new Uint32Array(rows));
  }
}
