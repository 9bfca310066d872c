/**
 * Makes the chunks of one series from several blocks into one list. Chunks that overlap no other are taken as they
 * are; those that do are decoded, merged and encoded again.
 */
import { SampleColumns } from '../../model/index.ts';
import { mergeRuns } from '../block/index.ts';
import { type ChunkList, decodeChunk, SeriesEncoder } from '../chunk/index.ts';

export class ChunkMerger {
  private readonly columns = new SampleColumns();

  /** Appends the chunks of `from`, those of each block in order, to `out`. */
  merge(from: ChunkList, out: ChunkList): void {
    const order = Array.from({ length: from.length }, (_, i) => i).sort(
      (a, b) => from.mint[a] - from.mint[b] || a - b,
    );
    for (let i = 0; i < order.length; ) {
      let next = i + 1;
      let end = from.maxt[order[i]];
      while (next < order.length && from.mint[order[next]] <= end)
        end = Math.max(end, from.maxt[order[next++]]);
      if (next === i + 1) copy(from, order[i], out);
      else this.mergeGroup(from, order.slice(i, next), out);
      i = next;
    }
  }

  private mergeGroup(from: ChunkList, group: number[], out: ChunkList): void {
    const distinct = group.filter((chunk, i) => !group.slice(0, i).some((other) => same(from, chunk, other)));
    if (distinct.length === 1) {
      copy(from, distinct[0], out);
      return;
    }
    const { columns } = this;
    columns.clear();
    // In order of the list, which is that of the blocks. Chunks of one block follow each other in time, and are merged
    // with those of the blocks before in one go.
    let run = 0;
    for (const chunk of distinct.sort((a, b) => a - b)) {
      if (columns.length > run && from.mint[chunk] <= columns.t[columns.length - 1]) {
        mergeRuns(columns, 0, run);
        run = columns.length;
      }
      decodeChunk(from.encoding[chunk], from.bytes, from.start[chunk], from.end[chunk], columns);
    }
    mergeRuns(columns, 0, run);
    const encoder = new SeriesEncoder('merge', out);
    encoder.append(columns);
    encoder.finish();
  }
}

function copy(from: ChunkList, i: number, out: ChunkList): void {
  out.push(
    from.encoding[i],
    from.mint[i],
    from.maxt[i],
    from.count[i],
    from.bytes,
    from.start[i],
    from.end[i],
  );
}

/** Whether two chunks are the same byte for byte, as they are in blocks that were copied. */
function same(list: ChunkList, a: number, b: number): boolean {
  const length = list.end[a] - list.start[a];
  if (list.mint[a] !== list.mint[b] || list.encoding[a] !== list.encoding[b]) return false;
  if (list.end[b] - list.start[b] !== length) return false;
  for (let i = 0; i < length; i++) {
    if (list.bytes[list.start[a] + i] !== list.bytes[list.start[b] + i]) return false;
  }
  return true;
}
