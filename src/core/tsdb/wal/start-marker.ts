/** How records with start timestamps tell one from the one before: a marker, and a difference where it must be. */
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import { type Cursor, readVarint } from '../../encoding/varint.ts';

export const StartMarker = { none: 0, same: 1, explicit: 2 } as const;

/** Reads at `cursor`; NaN, where the data ends too early. */
export function readStart(
  record: Uint8Array,
  cursor: Cursor,
  end: number,
  previous: number,
  first: number,
): number {
  if (cursor.pos >= end) return Number.NaN;
  const marker = record[cursor.pos++];
  if (marker === StartMarker.none) return 0;
  if (marker === StartMarker.same) return previous;
  return first + readVarint(record, cursor, end);
}

export function writeStart(out: ByteWriter, st: number, previous: number, first: number): void {
  if (st === 0) out.byte(StartMarker.none);
  else if (st === previous) out.byte(StartMarker.same);
  else {
    out.byte(StartMarker.explicit);
    out.varint(st - first);
  }
}
