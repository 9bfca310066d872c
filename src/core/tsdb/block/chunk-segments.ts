/**
 * The chunks of a block, one behind the other in files of up to 512 MiB: chunks/000001 and so on.
 * docs/format/block.md.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../encoding/crc32c.ts';
import {
  type Cursor,
  MAX_VARINT_BYTES,
  readUint32,
  readUvarint,
  uvarintSize,
} from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import type { ChunkList } from '../chunk/index.ts';
import { type PageCache, PagedFile, SequentialFile } from '../index/index.ts';

export const CHUNKS_DIR = 'chunks';
export const SEGMENT_BYTES = 512 * 1024 * 1024;

const MAGIC = 0x85bd40dd;
const VERSION = 1;
const HEADER_BYTES = 8;
/** At most: the length before a chunk, its encoding, and the checksum behind it. */
const FRAME_BYTES = 5 + 1 + 4;
const CHECKSUM_BYTES = 4;
const TWO_32 = 2 ** 32;

/** The chunk that `ChunkSegments.read` found: data [start, end) of `bytes`. Valid until the next read. */
export interface StoredChunk {
  encoding: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

export class ChunkSegments {
  private readonly dir: string;
  private readonly paths: string[];
  private readonly files: (PagedFile | null)[];
  /** Whose header has been looked at. */
  private readonly checked: boolean[];
  private readonly cache: PageCache;
  private readonly cursor: Cursor = { pos: 0 };
  private readonly found: StoredChunk = { encoding: 0, bytes: new Uint8Array(0), start: 0, end: 0 };

  /** Segments are opened when they are first read, or by `hold`. */
  constructor(dir: string, cache: PageCache) {
    this.dir = dir;
    this.paths = segmentPaths(dir);
    this.files = this.paths.map(() => null);
    this.checked = this.paths.map(() => false);
    this.cache = cache;
  }

  get count(): number {
    return this.paths.length;
  }

  /** Bytes read so far. */
  get bytesRead(): number {
    let bytes = 0;
    for (const file of this.files) bytes += file?.bytesRead ?? 0;
    return bytes;
  }

  /** The chunk that an index refers to. Throws CorruptionError if there is none, or its checksum is wrong. */
  read(ref: number): StoredChunk {
    const file = this.segment(ref);
    const offset = ref % TWO_32;
    const { found, cursor } = this;
    const at = file.seekUpTo(offset, MAX_VARINT_BYTES);
    cursor.pos = at;
    const length = offset < HEADER_BYTES ? Number.NaN : readUvarint(file.window, cursor, at + file.available);
    if (Number.isNaN(length)) {
      throw new CorruptionError('has no chunk where one is referred to', { file: file.path, offset });
    }
    const start = file.seek(offset + cursor.pos - at, 1 + length + CHECKSUM_BYTES);
    found.bytes = file.window;
    found.encoding = found.bytes[start];
    found.start = start + 1;
    found.end = start + 1 + length;
    if (!file.isVerified(start)) {
      if (crc32c(found.bytes, start, found.end) !== readUint32(found.bytes, found.end)) {
        throw new CorruptionError('has a damaged chunk (checksum)', { file: file.path, offset });
      }
      file.markVerified(start);
    }
    return found;
  }

  /** Where a chunk is, for messages. */
  place(ref: number): { file: string; offset: number } {
    return { file: this.paths[Math.floor(ref / TWO_32)] ?? this.dir, offset: ref % TWO_32 };
  }

  /** What a chunk of `length` bytes of data takes in its file. */
  storedBytes(length: number): number {
    return uvarintSize(length) + 1 + length + CHECKSUM_BYTES;
  }

  /** Bytes of chunks in segment `i`. Throws CorruptionError if it is not one. */
  dataBytes(i: number): number {
    return this.segment(i * TWO_32).size - HEADER_BYTES;
  }

  /**
   * Opens all segments now, so that they stay readable when somebody removes the block. Reads nothing. Throws what
   * `open` throws.
   */
  hold(): void {
    for (const [i, path] of this.paths.entries()) this.files[i] ??= new PagedFile(path, this.cache);
  }

  close(): void {
    for (const file of this.files) file?.close();
    this.files.fill(null);
    this.checked.fill(false);
  }

  private segment(ref: number): PagedFile {
    const i = Math.floor(ref / TWO_32);
    const path = this.paths[i];
    if (path === undefined) {
      throw new CorruptionError(`has no segment ${i + 1}, to which the index refers`, { file: this.dir });
    }
    const file = (this.files[i] ??= new PagedFile(path, this.cache));
    if (this.checked[i]) return file;
    const at = file.seek(0, HEADER_BYTES);
    if (readUint32(file.window, at) !== MAGIC) {
      throw new CorruptionError('is not a chunk segment', { file: path, offset: 0 });
    }
    const version = file.window[at + 4];
    if (version !== VERSION) {
      throw new CorruptionError(`is a chunk segment of unknown version ${version}`, {
        file: path,
        offset: 4,
      });
    }
    this.checked[i] = true;
    return file;
  }
}

/** The segment files of a block's chunks folder, in order. */
export function segmentPaths(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(a) - Number(b))
    .map((name) => join(dir, name));
}

export class ChunkSegmentWriter {
  private readonly dir: string;
  private readonly segmentBytes: number;
  private readonly durable: boolean;
  private file: SequentialFile | null = null;
  private segments = 0;

  /** Makes the folder. */
  constructor(dir: string, segmentBytes = SEGMENT_BYTES, durable = true) {
    this.dir = dir;
    this.segmentBytes = segmentBytes;
    this.durable = durable;
    mkdirSync(dir);
  }

  /** Writes chunk `i` of the list; returns its ref. */
  write(chunks: ChunkList, i: number): number {
    const start = chunks.start[i];
    const length = chunks.end[i] - start;
    if (this.file === null || this.file.position + length + FRAME_BYTES > this.segmentBytes) this.cut();
    const file = this.file!;
    const ref = (this.segments - 1) * TWO_32 + file.position;
    file.buffer.uvarint(length);
    file.startChecksum();
    file.buffer.byte(chunks.encoding[i]);
    file.buffer.copy(chunks.bytes, start, start + length);
    file.writeChecksum();
    file.flushIfFull();
    return ref;
  }

  /** Returns when all is on disk, unless it need not be durable yet. */
  finish(): void {
    this.file?.finish(this.durable);
    this.file = null;
  }

  abandon(): void {
    this.file?.abandon();
    this.file = null;
  }

  private cut(): void {
    this.finish();
    this.segments++;
    this.file = new SequentialFile(join(this.dir, String(this.segments).padStart(6, '0')));
    const { buffer } = this.file;
    buffer.uint32(MAGIC);
    buffer.byte(VERSION);
    for (let i = 5; i < HEADER_BYTES; i++) buffer.byte(0);
  }
}
