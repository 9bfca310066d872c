/**
 * Writes a zip archive to a file: PKWARE APPNOTE 6.3, with the fields of zip64 where a size or a place needs more than 32
 * bits, or there are more than 65,535 files. docs/format/zip.md.
 */
import { writeSync } from 'node:fs';
import { constants, crc32, deflateRawSync } from 'node:zlib';

/** Stands in a field of 32 bits, or of 16, for what is in the zip64 field. */
const BEYOND_32 = 0xffffffff;
const BEYOND_16 = 0xffff;
/** Deflated data that cannot be made smaller grow by less. */
const GROWTH = 1.01;
const VERSION_PLAIN = 20;
const VERSION_ZIP64 = 45;
/** "Made by" Unix, so that the upper half of the attributes is a file's mode. */
const MADE_BY_UNIX = 3 << 8;
const FILE_MODE = 0o100644;
/** Names are UTF-8. */
const FLAGS = 1 << 11;
const STORED = 0;
const DEFLATED = 8;
const ZIP64_FIELD = 1;

interface Entry {
  name: Uint8Array;
  method: typeof STORED | typeof DEFLATED;
  mtime: Date;
  crc: number;
  packedBytes: number;
  bytes: number;
  /** Where its header starts. */
  offset: number;
  /** Its header has room for sizes of 64 bits. */
  zip64: boolean;
}

/** The archive begins at the file's `offset`; the file is the caller's to close. */
export class ZipFile {
  private readonly fd: number;
  private readonly entries: Entry[] = [];
  private offset: number;

  constructor(fd: number, offset = 0) {
    this.fd = fd;
    this.offset = offset;
  }

  /**
   * Adds a file of at most `maxBytes`, which come in `pieces`. `level` 0 stores it, 1 to 9 deflate it. Gives way to others
   * between two pieces, where `pause` throws if this is to end.
   */
  async add(
    name: string,
    mtime: Date,
    level: 0 | 3,
    maxBytes: number,
    pieces: Iterable<Uint8Array>,
    pause: () => Promise<void>,
  ): Promise<void> {
    const entry: Entry = {
      name: Buffer.from(name),
      method: level === 0 ? STORED : DEFLATED,
      mtime,
      crc: 0,
      packedBytes: 0,
      bytes: 0,
      offset: this.offset,
      zip64: maxBytes * GROWTH >= BEYOND_32,
    };
    this.entries.push(entry);
    const header = localHeader(entry).length;
    this.offset += header;
    const write = (piece: Uint8Array) => {
      this.write(piece, this.offset);
      this.offset += piece.length;
      entry.packedBytes += piece.length;
    };
    // Deflated each for itself, and ended at a whole byte, so that what comes out can be written one behind another.
    const options = { level, finishFlush: constants.Z_SYNC_FLUSH };
    for (const piece of pieces) {
      entry.crc = crc32(piece, entry.crc);
      entry.bytes += piece.length;
      write(level === 0 ? piece : deflateRawSync(piece, options));
      await pause();
    }
    if (level > 0) write(deflateRawSync(new Uint8Array(0)));
    if (!entry.zip64 && (entry.bytes >= BEYOND_32 || entry.packedBytes >= BEYOND_32)) {
      throw new Error(`${name} became larger than ${maxBytes} bytes while it was read`);
    }
    // What is known only now. So no size is behind the data, where some readers do not look for it.
    this.write(localHeader(entry), entry.offset);
  }

  /** Writes the directory; returns where the archive ends. */
  finish(): number {
    const { entries, offset: start } = this;
    for (const entry of entries) {
      const bytes = centralHeader(entry);
      this.write(bytes, this.offset);
      this.offset += bytes.length;
    }
    const end = endRecords(entries.length, start, this.offset);
    this.write(end, this.offset);
    this.offset += end.length;
    return this.offset;
  }

  private write(bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at, bytes.length - at, offset + at);
  }
}

/** Little-endian fields, one after another. */
class Fields {
  private readonly parts: Uint8Array[] = [];

  uint16(...values: number[]): this {
    const bytes = Buffer.alloc(2 * values.length);
    for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, 2 * i);
    return this.bytes(bytes);
  }

  uint32(...values: number[]): this {
    const bytes = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, 4 * i);
    return this.bytes(bytes);
  }

  uint64(...values: number[]): this {
    return this.uint32(...values.flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]));
  }

  bytes(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  concat(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

function localHeader(entry: Entry): Uint8Array {
  const { zip64, packedBytes, bytes } = entry;
  const extra = zip64 ? zip64Field([bytes, packedBytes]) : new Uint8Array(0);
  const fields = new Fields().uint32(0x04034b50).uint16(zip64 ? VERSION_ZIP64 : VERSION_PLAIN);
  return commonFields(fields, entry)
    .uint32(zip64 ? BEYOND_32 : packedBytes, zip64 ? BEYOND_32 : bytes)
    .uint16(entry.name.length, extra.length)
    .bytes(entry.name)
    .bytes(extra)
    .concat();
}

function centralHeader(entry: Entry): Uint8Array {
  const values = [entry.bytes, entry.packedBytes, entry.offset];
  const [bytes, packedBytes, offset] = values.map((value) => Math.min(value, BEYOND_32));
  const beyond = values.filter((value) => value >= BEYOND_32);
  const extra = beyond.length > 0 ? zip64Field(beyond) : new Uint8Array(0);
  const version = entry.zip64 || beyond.length > 0 ? VERSION_ZIP64 : VERSION_PLAIN;
  const fields = new Fields().uint32(0x02014b50).uint16(MADE_BY_UNIX | version, version);
  return commonFields(fields, entry)
    .uint32(packedBytes, bytes)
    .uint16(entry.name.length, extra.length, 0, 0, 0)
    .uint32(FILE_MODE * 2 ** 16, offset)
    .bytes(entry.name)
    .bytes(extra)
    .concat();
}

function commonFields(fields: Fields, { method, mtime, crc }: Entry): Fields {
  // DOS time: local, to two seconds, from 1980 on.
  const year = Math.max(1980, Math.min(mtime.getFullYear(), 2107));
  const date = ((year - 1980) << 9) | ((mtime.getMonth() + 1) << 5) | mtime.getDate();
  const time = (mtime.getHours() << 11) | (mtime.getMinutes() << 5) | (mtime.getSeconds() >> 1);
  return fields.uint16(FLAGS, method, time, date).uint32(crc);
}

function zip64Field(values: readonly number[]): Uint8Array {
  return new Fields()
    .uint16(ZIP64_FIELD, 8 * values.length)
    .uint64(...values)
    .concat();
}

/** What ends the archive, whose directory of `count` entries is [start, end). */
function endRecords(count: number, start: number, end: number): Uint8Array {
  const fields = new Fields();
  if (count >= BEYOND_16 || start >= BEYOND_32 || end - start >= BEYOND_32) {
    fields
      .uint32(0x06064b50)
      .uint64(44)
      .uint16(MADE_BY_UNIX | VERSION_ZIP64, VERSION_ZIP64);
    fields.uint32(0, 0).uint64(count, count, end - start, start);
    fields.uint32(0x07064b50, 0).uint64(end).uint32(1);
  }
  const entries = Math.min(count, BEYOND_16);
  return fields
    .uint32(0x06054b50)
    .uint16(0, 0, entries, entries)
    .uint32(Math.min(end - start, BEYOND_32), Math.min(start, BEYOND_32))
    .uint16(0)
    .concat();
}
