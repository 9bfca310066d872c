/** The entry of one series in an index: its labels as symbols, and its chunks. docs/format/index.md. */
import type { ByteReader } from '../../encoding/byte-reader.ts';
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import type { ChunkMetas } from './chunk-metas.ts';

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

/** Appends to `out` the chunks that have samples in [mint, maxt] (ms). Leaves `r` behind the last one it needed. */
export function readChunkMetas(r: ByteReader, mint: number, maxt: number, out: ChunkMetas): void {
  const count = r.count(3);
  let ref = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const from = i === 0 ? r.varint() : last + r.uvarint();
    last = from + r.uvarint();
    ref = i === 0 ? r.uvarint() : ref + r.varint();
    if (from > maxt) return;
    if (last >= mint) out.push(from, last, ref);
  }
}

/** Whether any chunk has samples in [mint, maxt] (ms). */
export function hasChunkIn(r: ByteReader, mint: number, maxt: number): boolean {
  const count = r.count(3);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const from = i === 0 ? r.varint() : last + r.uvarint();
    last = from + r.uvarint();
    if (from > maxt) return false;
    if (last >= mint) return true;
    r.varint();
  }
  return false;
}
