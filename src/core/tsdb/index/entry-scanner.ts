/**
 * Takes entries apart that follow each other in a section which is read in pieces: an entry that a piece ends in is
 * kept until the next one brings the rest.
 */

import { CorruptionError } from '../../errors.ts';

/** Reads one entry at `pos` and returns where it ends, or -1 if `end` comes before that. */
export type EntryReader = (bytes: Uint8Array, pos: number, end: number) => number;

/** No label name or value is as long as this, so what does not end before is damage. */
const MAX_ENTRY_BYTES = 16 * 1024 * 1024;

export class EntryScanner {
  private readonly read: EntryReader;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(read: EntryReader) {
    this.read = read;
  }

  feed(piece: Uint8Array, start: number, end: number): void {
    let bytes = piece;
    let pos = start;
    let last = end;
    if (this.rest.length > 0) {
      bytes = new Uint8Array(this.rest.length + end - start);
      bytes.set(this.rest);
      bytes.set(piece.subarray(start, end), this.rest.length);
      pos = 0;
      last = bytes.length;
    }
    while (pos < last) {
      const next = this.read(bytes, pos, last);
      if (next < 0) break;
      pos = next;
    }
    this.rest = bytes.slice(pos, last);
    if (this.rest.length > MAX_ENTRY_BYTES) throw new CorruptionError('has an entry that does not end');
  }

  /** Bytes of an entry that never ended. */
  get unread(): number {
    return this.rest.length;
  }
}
