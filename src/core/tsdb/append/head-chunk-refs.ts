/**
 * The refs that memory-mapped chunks in `chunks_head` speak of. They come from the log; where that was deleted or cut
 * and they were not, a new series must not get one of their refs, or Prometheus would take the chunks for its own.
 *
 * A file is a header of 8 bytes, then chunks: ref (8), first and last t (8, 8), encoding (1), uvarint length, data,
 * CRC-32C (4). Zeros end it.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Cursor, readInt64, readUvarint } from '../../encoding/varint.ts';

const HEADER_BYTES = 8;
const CHUNK_HEADER_BYTES = 25;
const CRC_BYTES = 4;
/** A chunk's header and the longest length. */
const PIECE_BYTES = CHUNK_HEADER_BYTES + 10;

/** The highest of them, 0 where there is none. Stops in a file where it makes no sense. */
export function highestHeadChunkRef(dir: string): number {
  const folder = join(dir, 'chunks_head');
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  return names.reduce((highest, name) => Math.max(highest, highestIn(join(folder, name))), 0);
}

function highestIn(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const piece = new Uint8Array(PIECE_BYTES);
    const cursor: Cursor = { pos: 0 };
    let highest = 0;
    for (let at = HEADER_BYTES; at < size; ) {
      const n = readSync(fd, piece, 0, PIECE_BYTES, at);
      cursor.pos = CHUNK_HEADER_BYTES;
      const length = readUvarint(piece, cursor, n);
      const ref = readInt64(piece, 0);
      if (Number.isNaN(length) || ref <= 0) break;
      highest = Math.max(highest, ref);
      at += cursor.pos + length + CRC_BYTES;
    }
    return highest;
  } finally {
    closeSync(fd);
  }
}
