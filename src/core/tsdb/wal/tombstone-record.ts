/**
 * Deletions (type 3): samples of a series within a range of time, both ends included.
 *
 *   3, then for each range: ref (8), first and last t (varints)
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { RecordType } from './record-type.ts';

export interface Tombstone {
  ref: number;
  mint: number;
  maxt: number;
}

/** Throws CorruptionError without a place. */
export function decodeTombstones(record: Uint8Array): Tombstone[] {
  const reader = new ByteReader(record, 1);
  const out: Tombstone[] = [];
  while (reader.remaining > 0) {
    const ref = reader.int64();
    const mint = reader.varint();
    out.push({ ref, mint, maxt: reader.varint() });
  }
  return out;
}

export function encodeTombstones(tombstones: readonly Tombstone[]): Uint8Array {
  const out = new ByteWriter();
  out.byte(RecordType.tombstones);
  for (const { ref, mint, maxt } of tombstones) {
    out.int64(ref);
    out.varint(mint);
    out.varint(maxt);
  }
  return out.view();
}
