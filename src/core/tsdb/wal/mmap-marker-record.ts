/**
 * Markers in the log of out-of-order samples (type 5): all samples of the series before this record are in the
 * memory-mapped chunk named, a file's number and an offset in it.
 *
 *   5, then for each series: ref (8), chunk file (4), offset (4)
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { RecordType } from './record-type.ts';

export interface MmapMarker {
  ref: number;
  file: number;
  offset: number;
}

/** Throws CorruptionError without a place. */
export function decodeMmapMarkers(record: Uint8Array): MmapMarker[] {
  const reader = new ByteReader(record, 1);
  const out: MmapMarker[] = [];
  while (reader.remaining > 0) {
    const ref = reader.int64();
    const file = reader.uint32();
    out.push({ ref, file, offset: reader.uint32() });
  }
  return out;
}

export function encodeMmapMarkers(markers: readonly MmapMarker[]): Uint8Array {
  const out = new ByteWriter();
  out.byte(RecordType.mmapMarkers);
  for (const { ref, file, offset } of markers) {
    out.int64(ref);
    out.uint32(file);
    out.uint32(offset);
  }
  return out.view();
}
