/** Copies what one series after another of a head has in memory in some time, and notes what it has in files. */
import { ChunkList } from '../chunk/index.ts';
import type { Head } from './head.ts';
import { type NewestSamples, noteNewest } from './newest-samples.ts';

/** What a series has in memory, about. */
const USUAL_BYTES = 200;
/** Selections of more series have their memory lent. */
const LENT_ROWS = 1000;
/** Chunks of those series whose newest sample is not enough: few have any. */
const NEWEST_CHUNKS = 64;

/** Chunks of all series: those of series i are [starts[i], starts[i + 1]), in order first, then the late ones. */
export interface SelectedChunks {
  starts: Uint32Array;
  /** Index of the first late chunk of each series. */
  lateStarts: Uint32Array;
  /** File number, or 0 where the chunk is in `memory`. */
  file: Uint32Array;
  /** Offset in the file, or the number of the chunk in `memory`. */
  offset: Uint32Array;
  memory: { encoding: Uint8Array; start: Uint32Array; end: Uint32Array; bytes: Uint8Array };
  /** Where the newest sample of a series is enough: the series that are here have no chunks. */
  newest: NewestSamples | undefined;
}

export class ChunkCollector {
  /** What was lent by the head, to be given back when the selection is read no more. */
  readonly lent: SharedArrayBuffer[] = [];
  private readonly head: Head;
  private readonly mint: number;
  private readonly maxt: number;
  private readonly isLarge: boolean;
  private readonly starts: Uint32Array;
  private readonly lateStarts: Uint32Array;
  private file: Uint32Array;
  private offset: Uint32Array;
  private series = 0;
  private count = 0;
  /** Of one series. */
  private readonly own = new ChunkList();
  private readonly newest: NewestSamples | undefined;
  private encoding: Uint8Array;
  private start: Uint32Array;
  private end: Uint32Array;
  private bytes: Uint8Array;
  private copied = 0;
  private used = 0;

  /** For `rows` series at most. With `newestOnly` the newest sample in the range is enough. */
  constructor(head: Head, mint: number, maxt: number, rows: number, newestOnly: boolean) {
    this.head = head;
    this.mint = mint;
    this.maxt = maxt;
    this.isLarge = rows > LENT_ROWS;
    this.starts = this.words(rows + 1);
    this.starts[0] = 0;
    this.lateStarts = this.words(rows);
    this.newest = newestOnly ? { t: this.floats(rows), halves: this.words(rows * 2) } : undefined;
    const chunks = newestOnly ? NEWEST_CHUNKS : rows + 16;
    this.file = this.words(chunks);
    this.offset = this.words(chunks);
    this.encoding = this.room(chunks);
    this.start = this.words(chunks);
    this.end = this.words(chunks);
    this.bytes = this.room(chunks * USUAL_BYTES);
  }

  /** Adds the chunks of a row as the next series. */
  add(row: number): void {
    const { head, own, newest } = this;
    if (newest !== undefined && noteNewest(newest, this.series, head, row, this.mint, this.maxt)) {
      this.lateStarts[this.series] = this.count;
      this.starts[++this.series] = this.count;
      return;
    }
    const { series } = head;
    if (series.newestChunk[row] !== 0) this.addFinished(series.newestChunk[row]);
    own.clear();
    head.open.copy(row, own);
    this.addCopied();
    this.lateStarts[this.series] = this.count;
    if (series.newestLateChunk[row] !== 0) this.addFinished(series.newestLateChunk[row]);
    if (head.late.has(row)) {
      own.clear();
      head.late.copy(row, own);
      this.addCopied();
    }
    this.starts[++this.series] = this.count;
  }

  finish(): SelectedChunks {
    const { starts, lateStarts, file, offset, encoding, start, end, bytes, newest } = this;
    return { starts, lateStarts, file, offset, memory: { encoding, start, end, bytes }, newest };
  }

  /** Adds the finished chunks of a list that have samples in the range, oldest first. */
  private addFinished(newest: number): void {
    const { finished, store } = this.head;
    const first = this.count;
    for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) {
      const i = chunk - 1;
      if (finished.mint[i] > this.maxt || finished.maxt[i] < this.mint) continue;
      const file = finished.file[i];
      const offset = finished.offset[i];
      if (offset < store.flushedBytes(file)) {
        this.push(file, offset);
      } else {
        const { encoding, bytes, start, end } = store.read(file, offset);
        this.copy(encoding, bytes, start, end);
      }
    }
    if (this.count - first < 2) return;
    this.file.subarray(first, this.count).reverse();
    this.offset.subarray(first, this.count).reverse();
  }

  /** Adds those of the series' own chunks that have samples in the range. */
  private addCopied(): void {
    const { own } = this;
    for (let i = 0; i < own.length; i++) {
      if (own.mint[i] <= this.maxt && own.maxt[i] >= this.mint)
        this.copy(own.encoding[i], own.bytes, own.start[i], own.end[i]);
    }
  }

  private copy(encoding: number, from: Uint8Array, start: number, end: number): void {
    const i = this.copied++;
    if (i === this.encoding.length) {
      this.encoding = this.grown(this.encoding, this.room(i * 2));
      this.start = this.grown(this.start, this.words(i * 2));
      this.end = this.grown(this.end, this.words(i * 2));
    }
    const at = this.used;
    this.used += end - start;
    if (this.used > this.bytes.length) this.bytes = this.grown(this.bytes, this.room(this.used * 2));
    const { bytes } = this;
    // Chunks are short: a loop is faster than a view of each.
    for (let to = at, k = start; k < end; ) bytes[to++] = from[k++];
    this.encoding[i] = encoding;
    this.start[i] = at;
    this.end[i] = this.used;
    this.push(0, i);
  }

  private push(file: number, offset: number): void {
    const i = this.count++;
    if (i === this.file.length) {
      this.file = this.grown(this.file, this.words(i * 2));
      this.offset = this.grown(this.offset, this.words(i * 2));
    }
    this.file[i] = file;
    this.offset[i] = offset;
  }

  private floats(length: number): Float64Array {
    return new Float64Array(this.memory(length * 8), 0, length);
  }

  private words(length: number): Uint32Array {
    return new Uint32Array(this.memory(length * 4), 0, length);
  }

  private room(length: number): Uint8Array {
    return new Uint8Array(this.memory(length), 0, length);
  }

  private memory(bytes: number): ArrayBufferLike {
    if (!this.isLarge) return new ArrayBuffer(bytes);
    const buffer = this.head.buffers.take(bytes);
    this.lent.push(buffer);
    return buffer;
  }

  /** The content of a column in a longer one; nobody has seen the shorter one yet. */
  private grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
    to.set(from);
    const { buffer } = from;
    if (!(buffer instanceof SharedArrayBuffer)) return to;
    this.lent.splice(this.lent.indexOf(buffer), 1);
    this.head.buffers.giveBack([buffer]);
    return to;
  }
}
