/**
 * Makes the chunks of one series, in the order in which their samples came, into chunks that follow each other in
 * time. Of several samples at one time the one that came first stays. Chunks that are in order already are taken as
 * they are, unless neighbours are so small that one chunk has room for both.
 */
import { histogramsEqual, SampleColumns, sameBits } from '../../model/index.ts';
import { type ChunkList, decodeChunk, SAMPLES_PER_CHUNK, SeriesEncoder } from '../chunk/index.ts';
import { CHUNK_RANGE } from './chunk-buffer.ts';

/** As many bytes as a chunk of floats may have. */
const CHUNK_BYTES = 1024;

export class ChunkJoiner {
  /** Samples left out since one at the same time had the same value. */
  repeated = 0;
  /** Samples left out since another value for the same time came before. */
  conflicting = 0;
  private columns = new SampleColumns();
  private sorted = new SampleColumns();

  /** Whether the chunks are in order, and none too small. */
  isDone(list: ChunkList): boolean {
    for (let i = 1; i < list.length; i++) {
      if (list.mint[i] <= list.maxt[i - 1]) return false;
      const together =
        Math.floor(list.mint[i] / CHUNK_RANGE) === Math.floor(list.mint[i - 1] / CHUNK_RANGE) &&
        list.encoding[i] === list.encoding[i - 1];
      const samples = list.count[i] + list.count[i - 1];
      const bytes = list.end[i] - list.start[i] + list.end[i - 1] - list.start[i - 1];
      if (together && samples <= SAMPLES_PER_CHUNK && bytes <= CHUNK_BYTES) return false;
    }
    return true;
  }

  /** Appends the samples of `list` to `out`, joined. */
  join(list: ChunkList, out: ChunkList): void {
    const { columns } = this;
    columns.clear();
    for (let i = 0; i < list.length; i++) {
      decodeChunk(list.encoding[i], list.bytes, list.start[i], list.end[i], columns);
    }
    const encoder = new SeriesEncoder(CHUNK_RANGE, out);
    encoder.append(isAscending(columns) ? columns : this.sort());
    encoder.finish();
  }

  private sort(): SampleColumns {
    const { columns, sorted } = this;
    const { t, v, histograms, length } = columns;
    const order = new Uint32Array(length).map((_, row) => row).sort((a, b) => t[a] - t[b] || a - b);
    sorted.clear();
    sorted.reserve(length);
    if (histograms !== null) sorted.histograms = [];
    // As halves, so that no NaN loses its payload on the way through a number.
    const from = new Uint32Array(v.buffer, v.byteOffset, v.length * 2);
    const to = new Uint32Array(sorted.v.buffer, sorted.v.byteOffset, sorted.v.length * 2);
    let rows = 0;
    let kept = -1;
    for (const row of order) {
      if (kept >= 0 && t[row] === t[kept]) {
        if (this.isSame(kept, row)) this.repeated++;
        else this.conflicting++;
        continue;
      }
      kept = row;
      sorted.t[rows] = t[row];
      to[rows * 2] = from[row * 2];
      to[rows * 2 + 1] = from[row * 2 + 1];
      sorted.histograms?.push(histograms![row] ?? null);
      rows++;
    }
    sorted.length = rows;
    return sorted;
  }

  private isSame(a: number, b: number): boolean {
    const { v, histograms } = this.columns;
    const x = histograms?.[a] ?? null;
    const y = histograms?.[b] ?? null;
    if (x === null || y === null) return x === y && sameBits(v, a, v, b);
    return histogramsEqual(x, y);
  }
}

function isAscending({ t, length }: SampleColumns): boolean {
  for (let i = 1; i < length; i++) if (t[i] <= t[i - 1]) return false;
  return true;
}
