/**
 * The files of chunks that left the head's memory: `chunks_head/000001` and so on, up to 128 MiB each. They hold full
 * chunks of samples that came in order, and chunks of samples that came out of order. docs/format/head-chunks.md.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../encoding/crc32c.ts';
import { type Cursor, readInt64, readUint32, readUvarint } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';

export const HEAD_CHUNKS_DIR = 'chunks_head';
export const HEAD_CHUNK_FILE_BYTES = 128 * 1024 * 1024;
export const HEAD_CHUNK_MAGIC = 0x0130bc91;
export const HEAD_CHUNK_VERSION = 1;
export const FILE_HEADER_BYTES = 8;
/** Series, times and encoding: what precedes the length of a chunk's data. */
export const CHUNK_HEADER_BYTES = 8 + 8 + 8 + 1;
export const CHECKSUM_BYTES = 4;
/** The number of no series: of late samples that are in a block, and not to be taken from here. */
export const NOBODY = 0;
/** In the byte of the encoding: the samples came out of order. */
export const OUT_OF_ORDER_FLAG = 0x80;

/** A chunk of more bytes than this was never written. */
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
const MAX_LENGTH_BYTES = 5;
const WINDOW_BYTES = 1 << 20;
/** Room behind a chunk, which its decoder looks into but does not use. */
const SLACK_BYTES = 64;

export function headChunkFileName(file: number): string {
  return String(file).padStart(6, '0');
}

/** Numbers of the files in `dir` (a `chunks_head`), ascending; none where it does not exist. */
export function listHeadChunkFiles(dir: string): number[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Walks the chunks of one file, as far as it was written when it was opened. */
export class HeadChunkScanner {
  /** The series' ref in the log. */
  ref = 0;
  /** Times of the first and last sample, ms. */
  mint = 0;
  maxt = 0;
  encoding = 0;
  outOfOrder = false;
  /** Where the chunk begins in the file. */
  offset = 0;
  /** The chunk's data is bytes [start, end) of `bytes`, until the next call. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** Where whole chunks end. */
  dataEnd = FILE_HEADER_BYTES;
  /** Why the walk ended before the file did: a chunk is cut off, or damaged. Undefined at the file's end. */
  fault: CorruptionError | undefined = undefined;
  private readonly path: string;
  private readonly fd: number;
  private readonly size: number;
  private readonly cursor: Cursor = { pos: 0 };
  private windowStart = 0;
  private windowEnd = 0;
  private begun = false;

  /** Reads from `fd`, which the caller closes. */
  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    this.size = fstatSync(fd).size;
    this.bytes = new Uint8Array(Math.min(WINDOW_BYTES, this.size) + SLACK_BYTES);
  }

  /** Moves to the next chunk; false at the end of what is readable. */
  next(): boolean {
    if (this.fault !== undefined || (!this.begun && !this.begin())) return false;
    const { cursor } = this;
    const offset = this.dataEnd;
    const left = this.size - offset;
    if (left === 0) return false;
    const at = this.load(offset, Math.min(left, CHUNK_HEADER_BYTES + MAX_LENGTH_BYTES));
    // The rest of a file may be zeros: Prometheus makes files longer than what it has to write.
    if (isZero(this.bytes, at, at + Math.min(left, 24))) return false;
    if (left < CHUNK_HEADER_BYTES + MAX_LENGTH_BYTES) return this.stop('ends within a chunk', offset);
    cursor.pos = at + CHUNK_HEADER_BYTES;
    const length = readUvarint(this.bytes, cursor, cursor.pos + MAX_LENGTH_BYTES);
    if (!(length <= MAX_CHUNK_BYTES)) return this.stop('has a chunk of an impossible length', offset);
    const head = cursor.pos - at;
    if (head + length + CHECKSUM_BYTES > left) return this.stop('ends within a chunk', offset);
    const from = this.load(offset, head + length + CHECKSUM_BYTES);
    const { bytes } = this;
    const end = from + head + length;
    if (crc32c(bytes, from, end) !== readUint32(bytes, end)) {
      return this.stop('has a damaged chunk (checksum)', offset);
    }
    this.ref = readInt64(bytes, from);
    this.mint = readInt64(bytes, from + 8);
    this.maxt = readInt64(bytes, from + 16);
    this.encoding = bytes[from + 24] & ~OUT_OF_ORDER_FLAG;
    this.outOfOrder = (bytes[from + 24] & OUT_OF_ORDER_FLAG) !== 0;
    this.offset = offset;
    this.start = from + head;
    this.end = end;
    this.dataEnd = offset + head + length + CHECKSUM_BYTES;
    return true;
  }

  private begin(): boolean {
    this.begun = true;
    if (this.size < FILE_HEADER_BYTES) {
      this.dataEnd = 0;
      return this.size > 0 && this.stop('is shorter than its header', 0);
    }
    const at = this.load(0, FILE_HEADER_BYTES);
    // Made, but not written to yet.
    if (isZero(this.bytes, at, at + FILE_HEADER_BYTES)) {
      this.dataEnd = 0;
      return false;
    }
    if (readUint32(this.bytes, at) !== HEAD_CHUNK_MAGIC) return this.stop('is not a file of head chunks', 0);
    const version = this.bytes[at + 4];
    return version === HEAD_CHUNK_VERSION || this.stop(`is of unknown version ${version}`, 4);
  }

  private stop(reason: string, offset: number): false {
    if (offset < FILE_HEADER_BYTES) this.dataEnd = 0;
    this.fault = new CorruptionError(reason, { file: this.path, offset });
    return false;
  }

  /** Has bytes [offset, offset + length) of the file in `bytes`; returns where. */
  private load(offset: number, length: number): number {
    if (offset >= this.windowStart && offset + length <= this.windowEnd) return offset - this.windowStart;
    if (length > this.bytes.length - SLACK_BYTES) this.bytes = new Uint8Array(length * 2 + SLACK_BYTES);
    const wanted = Math.min(this.bytes.length - SLACK_BYTES, this.size - offset);
    this.windowStart = offset;
    this.windowEnd = offset + readFully(this.fd, this.bytes, wanted, offset);
    // Cut shorter by whoever writes to it: what is missing reads as zeros.
    this.bytes.fill(0, this.windowEnd - offset, wanted);
    this.windowEnd = offset + wanted;
    return 0;
  }
}

/** The chunk that `HeadChunkReader.read` found: data [start, end) of `bytes`. Valid until the next read. */
export interface HeadChunk {
  /** Times of the first and last sample, ms. */
  mint: number;
  maxt: number;
  encoding: number;
  outOfOrder: boolean;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** Most chunks are shorter; a longer one costs a second look. */
const CHUNK_GUESS_BYTES = 768;

/** Reads chunks by their place. The files are given as open descriptors, by number, and closed by whoever opened them. */
export class HeadChunkReader {
  private readonly dir: string;
  private readonly fds: ReadonlyMap<number, number>;
  private readonly cursor: Cursor = { pos: 0 };
  private readonly found: HeadChunk = {
    mint: 0,
    maxt: 0,
    encoding: 0,
    outOfOrder: false,
    bytes: new Uint8Array(4096),
    start: 0,
    end: 0,
  };

  constructor(dir: string, fds: ReadonlyMap<number, number>) {
    this.dir = dir;
    this.fds = fds;
  }

  /** Throws CorruptionError where there is no such chunk, or its checksum is wrong. */
  read(file: number, offset: number): HeadChunk {
    const { found, cursor } = this;
    const fd = this.fds.get(file);
    if (fd === undefined) throw this.fault('is not there', file, offset);
    let have = readFully(fd, found.bytes, CHUNK_GUESS_BYTES, offset);
    cursor.pos = CHUNK_HEADER_BYTES;
    const length = readUvarint(found.bytes, cursor, have);
    if (!(length <= MAX_CHUNK_BYTES)) {
      throw this.fault('has no chunk where one is referred to', file, offset);
    }
    const end = cursor.pos + length;
    if (end + CHECKSUM_BYTES > have) {
      if (end + CHECKSUM_BYTES + SLACK_BYTES > found.bytes.length) {
        found.bytes = new Uint8Array(2 * (end + CHECKSUM_BYTES + SLACK_BYTES));
      }
      have = readFully(fd, found.bytes, end + CHECKSUM_BYTES, offset);
      if (end + CHECKSUM_BYTES > have) throw this.fault('ends within a chunk', file, offset);
    }
    if (crc32c(found.bytes, 0, end) !== readUint32(found.bytes, end)) {
      throw this.fault('has a damaged chunk (checksum)', file, offset);
    }
    found.mint = readInt64(found.bytes, 8);
    found.maxt = readInt64(found.bytes, 16);
    found.encoding = found.bytes[CHUNK_HEADER_BYTES - 1] & ~OUT_OF_ORDER_FLAG;
    found.outOfOrder = (found.bytes[CHUNK_HEADER_BYTES - 1] & OUT_OF_ORDER_FLAG) !== 0;
    found.start = cursor.pos;
    found.end = end;
    return found;
  }

  /** A CorruptionError about the chunk at this place. */
  fault(reason: string, file: number, offset: number): CorruptionError {
    return new CorruptionError(reason, { file: join(this.dir, headChunkFileName(file)), offset });
  }
}

/**
 * Opens the files of a `chunks_head`, by number. What a running writer deletes meanwhile is left out: its chunks are
 * in a block by then.
 */
export function openHeadChunkFiles(dir: string): Map<number, number> {
  const fds = new Map<number, number>();
  try {
    for (const file of listHeadChunkFiles(dir)) {
      try {
        fds.set(file, openSync(join(dir, headChunkFileName(file)), 'r'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  } catch (error) {
    for (const fd of fds.values()) closeSync(fd);
    throw error;
  }
  return fds;
}

/** Reads up to `length` bytes at `offset` to the start of `into`; fewer only at the file's end. Returns how many. */
function readFully(fd: number, into: Uint8Array, length: number, offset: number): number {
  let done = 0;
  while (done < length) {
    const n = readSync(fd, into, done, length - done, offset + done);
    if (n === 0) break;
    done += n;
  }
  return done;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
