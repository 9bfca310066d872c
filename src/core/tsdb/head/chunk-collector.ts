/** Copies what one series after another of a head has in memory in some time, and notes what it has in files. */
import { ChunkList } from '../chunk/index.ts';
import { copied, grownLength } from './grown.ts';
import type { Head } from './head.ts';

/** What an open chunk takes, about. */
const USUAL_BYTES = 160;

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
}

export class ChunkCollector {
  private readonly head: Head;
  private readonly mint: number;
  private readonly maxt: number;
  private readonly memory = new ChunkList();
  private readonly starts: Uint32Array;
  private readonly lateStarts: Uint32Array;
  private file: Uint32Array;
  private offset: Uint32Array;
  private series = 0;
  private count = 0;

  /** For `rows` series at most. */
  constructor(head: Head, mint: number, maxt: number, rows: number) {
    this.head = head;
    this.mint = mint;
    this.maxt = maxt;
    this.starts = new Uint32Array(rows + 1);
    this.lateStarts = new Uint32Array(rows);
    this.file = new Uint32Array(rows + 16);
    this.offset = new Uint32Array(rows + 16);
    // Growing what is large takes long; what is not used of it is not there.
    this.memory.reserve(rows * USUAL_BYTES);
  }

  /** Adds the chunks of a row as the next series. */
  add(row: number): void {
    const { head, memory } = this;
    const { series } = head;
    this.addFinished(series.newestChunk[row]);
    let known = memory.length;
    head.open.copy(row, memory);
    this.addCopied(known);
    this.lateStarts[this.series] = this.count;
    if (series.newestLateChunk[row] !== 0) this.addFinished(series.newestLateChunk[row]);
    if (head.late.has(row)) {
      known = memory.length;
      head.late.copy(row, memory);
      this.addCopied(known);
    }
    this.starts[++this.series] = this.count;
  }

  /** All of it in buffers of their own, which can be handed over. */
  finish(): SelectedChunks {
    const { encoding, start, end, bytes, length, used } = this.memory;
    return {
      starts: this.starts,
      lateStarts: this.lateStarts,
      file: this.file.slice(0, this.count),
      offset: this.offset.slice(0, this.count),
      memory: {
        encoding: encoding.slice(0, length),
        start: start.slice(0, length),
        end: end.slice(0, length),
        bytes: bytes.subarray(0, used),
      },
    };
  }

  /** Adds the finished chunks of a list that have samples in the range, oldest first. */
  private addFinished(newest: number): void {
    if (newest === 0) return;
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
        this.memory.push(encoding, finished.mint[i], finished.maxt[i], 0, bytes, start, end);
        this.push(0, this.memory.length - 1);
      }
    }
    if (this.count - first < 2) return;
    this.file.subarray(first, this.count).reverse();
    this.offset.subarray(first, this.count).reverse();
  }

  /** Adds those of the chunks in memory from `first` on that have samples in the range. */
  private addCopied(first: number): void {
    const { memory } = this;
    for (let i = first; i < memory.length; i++) {
      if (memory.mint[i] <= this.maxt && memory.maxt[i] >= this.mint) this.push(0, i);
    }
  }

  private push(file: number, offset: number): void {
    const i = this.count++;
    if (i === this.file.length) {
      const length = grownLength(i, i + 1);
      this.file = copied(this.file, new Uint32Array(length));
      this.offset = copied(this.offset, new Uint32Array(length));
    }
    this.file[i] = file;
    this.offset[i] = offset;
  }
}
