/**
 * Writes a file of head chunks anew, with the chunks of it that are whole, also those behind the damage: a chunk is
 * where a header can be one and the checksum behind the data is right. docs/format/head-chunks.md.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { crc32c } from '../../encoding/crc32c.ts';
import { type Cursor, readInt64, readUint32, readUvarint } from '../../encoding/varint.ts';
import {
  CHECKSUM_BYTES,
  CHUNK_HEADER_BYTES,
  FILE_HEADER_BYTES,
  HEAD_CHUNK_MAGIC,
  HEAD_CHUNK_VERSION,
  OUT_OF_ORDER_FLAG,
} from '../head/chunk-file.ts';

export interface HeadChunksSalvage {
  chunks: number;
  /** Stretches that are no chunks. */
  damages: { offset: number; bytes: number }[];
}

/** Bytes looked at between two places where others may work. */
const STEP_BYTES = 1 << 20;
/** What stands in place of a chunk's encoding is one of these. */
const MAX_ENCODING = 8;
/** The rest of a file may be zeros. */
const LEAST_CHUNK_BYTES = CHUNK_HEADER_BYTES + 1 + CHECKSUM_BYTES;

/** Reads the file, and writes what it has to the new file `into`, if that is given; in steps. */
export function* salvageHeadChunks(path: string, into?: string): Generator<void, HeadChunksSalvage> {
  const salvage: HeadChunksSalvage = { chunks: 0, damages: [] };
  const bytes = readFileSync(path);
  const fd = into === undefined ? -1 : openSync(into, 'w');
  try {
    if (fd >= 0) writeAll(fd, headerBytes());
    let lostFrom = -1;
    let stepEnd = STEP_BYTES;
    const endLost = (at: number) => {
      if (lostFrom >= 0 && !isZero(bytes, lostFrom, at)) {
        salvage.damages.push({ offset: lostFrom, bytes: at - lostFrom });
      }
      lostFrom = -1;
    };
    for (let at = FILE_HEADER_BYTES; at < bytes.length; ) {
      const end = chunkEnd(bytes, at);
      if (end < 0) {
        if (lostFrom < 0) lostFrom = at;
        at++;
      } else {
        endLost(at);
        if (fd >= 0) writeAll(fd, bytes.subarray(at, end));
        salvage.chunks++;
        at = end;
      }
      if (at < stepEnd) continue;
      stepEnd = at + STEP_BYTES;
      yield;
    }
    endLost(bytes.length);
    if (fd >= 0) fsyncSync(fd);
  } finally {
    if (fd >= 0) closeSync(fd);
  }
  return salvage;
}

/** A file without chunks, for one that is missing. */
export function headerBytes(): Uint8Array {
  const w = new ByteWriter();
  w.uint32(HEAD_CHUNK_MAGIC);
  w.byte(HEAD_CHUNK_VERSION);
  for (let i = w.length; i < FILE_HEADER_BYTES; i++) w.byte(0);
  return w.view();
}

const cursor: Cursor = { pos: 0 };

/** Where the chunk at `at` ends; -1 where there is none. */
function chunkEnd(bytes: Uint8Array, at: number): number {
  if (at + LEAST_CHUNK_BYTES > bytes.length) return -1;
  const encoding = bytes[at + CHUNK_HEADER_BYTES - 1] & ~OUT_OF_ORDER_FLAG;
  if (encoding === 0 || encoding > MAX_ENCODING) return -1;
  if (!(readInt64(bytes, at + 8) <= readInt64(bytes, at + 16))) return -1;
  cursor.pos = at + CHUNK_HEADER_BYTES;
  const length = readUvarint(bytes, cursor, bytes.length);
  const end = cursor.pos + length;
  if (!(length > 0 && end + CHECKSUM_BYTES <= bytes.length)) return -1;
  return crc32c(bytes, at, end) === readUint32(bytes, end) ? end + CHECKSUM_BYTES : -1;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
