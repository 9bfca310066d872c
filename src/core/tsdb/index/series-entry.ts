/** The entry of one series in an index: its labels as symbols, and its chunks. docs/format/index.md. */
import type { ByteReader } from '../../encoding/byte-reader.ts';
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import type { ChunkMetas } from './chunk-metas.ts';
import { CHUNK_COLUMNS } from './series-cache.ts';

/** An entry as it stands in the index; one object is reused for one series after another. */
export class SeriesEntry {
  /** Symbols of names and values by turns, `labelCount` pairs. */
  symbols: Uint32Array = new Uint32Array(64);
  labelCount = 0;
  /** Times of first and last sample and ref of each chunk, as `CachedSeries.slab` has them. */
  chunks: Float64Array = new Float64Array(64);
  chunkCount = 0;

  read(r: ByteReader): void {
    this.labelCount = r.count(2);
    const numbers = this.labelCount * 2;
    if (numbers > this.symbols.length) this.symbols = new Uint32Array(numbers * 2);
    for (let i = 0; i < numbers; i++) this.symbols[i] = r.uvarint();
    this.chunkCount = r.count(3);
    const columns = this.chunkCount * CHUNK_COLUMNS;
    if (columns > this.chunks.length) this.chunks = new Float64Array(columns * 2);
    readChunkMetas(r, this.chunkCount, this.chunks, 0);
  }
}

/** Writes the second half of an entry: the number of chunks, and each as a difference to the one before. */
export function writeChunkMetas(w: ByteWriter, chunks: ChunkMetas): void {
  w.uvarint(chunks.length);
  let lastRef = 0;
  let lastMaxt = 0;
  for (let i = 0; i < chunks.length; i++) {
    const mint = chunks.mint[i];
    const maxt = chunks.maxt[i];
    const ref = chunks.ref[i];
    if (i === 0) {
      w.varint(mint);
      w.uvarint(maxt - mint);
      w.uvarint(ref);
    } else {
      w.uvarint(mint - lastMaxt);
      w.uvarint(maxt - mint);
      w.varint(ref - lastRef);
    }
    lastMaxt = maxt;
    lastRef = ref;
  }
}

/**
 * Reads `count` chunks to `into`, CHUNK_COLUMNS numbers each, from `at` on: times of first and last sample, ref. In the
 * order of the entry, which can be none but that of time.
 */
export function readChunkMetas(r: ByteReader, count: number, into: Float64Array, at: number): void {
  let ref = 0;
  let last = 0;
  const end = at + count * CHUNK_COLUMNS;
  for (let i = at; i < end; i += CHUNK_COLUMNS) {
    const from = i === at ? r.varint() : last + r.uvarint();
    last = from + r.uvarint();
    ref = i === at ? r.uvarint() : ref + r.varint();
    into[i] = from;
    into[i + 1] = last;
    into[i + 2] = ref;
  }
}
