/** The tombstones file of a block: what was deleted since it was written. docs/format/tombstones.md. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { crc32c } from '../../encoding/crc32c.ts';
import { readUint32 } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { addInterval, type Intervals } from './intervals.ts';

export const TOMBSTONES_FILE = 'tombstones';
const MAGIC = 0x0130ba30;
const VERSION = 1;
const HEADER_BYTES = 5;
const CHECKSUM_BYTES = 4;
const NOTHING_DELETED: Intervals = [];

export class Tombstones {
  private readonly intervals = new Map<number, Intervals>();

  /** Series with deleted stretches. */
  get size(): number {
    return this.intervals.size;
  }

  /** Deleted stretches of all series. */
  get count(): number {
    let count = 0;
    for (const of of this.intervals.values()) count += of.length / 2;
    return count;
  }

  /** What is deleted of series `ref`; empty for nearly all. */
  of(ref: number): Intervals {
    return this.intervals.get(ref) ?? NOTHING_DELETED;
  }

  /** Deletes [mint, maxt] (ms, both inclusive) of series `ref`. */
  add(ref: number, mint: number, maxt: number): void {
    this.intervals.set(ref, addInterval(this.of(ref), mint, maxt));
  }

  [Symbol.iterator](): Iterator<[number, Intervals]> {
    return this.intervals[Symbol.iterator]();
  }
}

/** Reads the tombstones of a block, or none if it has no such file. Throws CorruptionError. */
export function readTombstones(dir: string): Tombstones {
  const file = join(dir, TOMBSTONES_FILE);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Tombstones();
    throw error;
  }
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < HEADER_BYTES) throw new CorruptionError('is too short for tombstones', { file, offset: 0 });
  if (readUint32(bytes, 0) !== MAGIC)
    throw new CorruptionError('is not a tombstones file', { file, offset: 0 });
  if (bytes[4] !== VERSION) {
    throw new CorruptionError(`holds tombstones of unknown version ${bytes[4]}`, { file, offset: 4 });
  }
  if (crc32c(bytes, HEADER_BYTES, end) !== readUint32(bytes, end)) {
    throw new CorruptionError('holds damaged tombstones (checksum)', { file, offset: HEADER_BYTES });
  }
  const tombstones = new Tombstones();
  const r = new ByteReader(bytes, HEADER_BYTES, end);
  try {
    while (r.remaining > 0) {
      const ref = r.uvarint();
      const mint = r.varint();
      tombstones.add(ref, mint, r.varint());
    }
  } catch (error) {
    throw error instanceof CorruptionError ? error.in({ file, offset: r.pos }) : error;
  }
  return tombstones;
}

/** Writes the tombstones of a block, as `writeBlockMeta` writes meta.json. */
export function writeTombstones(dir: string, tombstones: Tombstones, durable = true): void {
  const w = new ByteWriter();
  w.uint32(MAGIC);
  w.byte(VERSION);
  for (const [ref, intervals] of tombstones) {
    for (let i = 0; i < intervals.length; i += 2) {
      w.uvarint(ref);
      w.varint(intervals[i]);
      w.varint(intervals[i + 1]);
    }
  }
  w.uint32(crc32c(w.bytes, HEADER_BYTES, w.length));
  const file = join(dir, TOMBSTONES_FILE);
  const temporary = `${file}.tmp`;
  const fd = openSync(temporary, 'w');
  try {
    writeFileSync(fd, w.view());
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
}
