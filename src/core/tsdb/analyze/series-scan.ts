/**
 * Reads all series entries of an index from the first to the last, straight from the file: what
 * `IndexReader.readEntry` does, for those who go through a whole block once. Format version 2 only, where entries
 * follow one another. docs/format/index.md.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32c } from '../../encoding/crc32c.ts';
import { type Cursor, readUint32, readUvarint, readVarint } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { SERIES_ALIGNMENT } from '../index/format.ts';
import type { IndexReader, SeriesEntry } from '../index/index.ts';
import { CHUNK_COLUMNS } from '../index/series-cache.ts';

const WINDOW_BYTES = 1 << 20;
/** The length before an entry, at most. */
const LENGTH_BYTES = 5;
const CHECKSUM_BYTES = 4;

export class SeriesScan {
  private readonly path: string;
  private readonly fd: number;
  /** Where the entries end. */
  private readonly end: number;
  private bytes = new Uint8Array(WINDOW_BYTES);
  /** Of `bytes`: its place in the file, how much of it is read, and where the next entry starts. */
  private start: number;
  private filled = 0;
  private at = 0;
  private readonly cursor: Cursor = { pos: 0 };

  constructor({ path, toc }: IndexReader) {
    this.path = path;
    this.fd = openSync(path, 'r');
    this.start = Math.ceil(toc.series / SERIES_ALIGNMENT) * SERIES_ALIGNMENT;
    this.end = Math.min(...Object.values(toc).filter((offset) => offset > toc.series));
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Reads the next entry; false where there is none. Throws CorruptionError. */
  next(entry: SeriesEntry): boolean {
    if (this.start + this.at + LENGTH_BYTES >= this.end) return false;
    if (this.at + LENGTH_BYTES > this.filled) this.load(LENGTH_BYTES);
    const { cursor } = this;
    cursor.pos = this.at;
    const length = readUvarint(this.bytes, cursor, this.filled);
    const head = cursor.pos - this.at;
    if (this.at + head + length + CHECKSUM_BYTES > this.filled) this.load(head + length + CHECKSUM_BYTES);
    const { bytes } = this;
    const from = this.at + head;
    const to = from + length;
    if (!(to + CHECKSUM_BYTES <= this.filled) || crc32c(bytes, from, to) !== readUint32(bytes, to)) {
      const place = { file: this.path, offset: this.start + this.at };
      throw new CorruptionError('has a damaged series (checksum)', place);
    }
    cursor.pos = from;
    this.decode(entry, to);
    this.at = Math.ceil((to + CHECKSUM_BYTES) / SERIES_ALIGNMENT) * SERIES_ALIGNMENT;
    return true;
  }

  /** What is from the cursor on, whose checksum is right. */
  private decode(entry: SeriesEntry, end: number): void {
    const { bytes, cursor } = this;
    const labelCount = readUvarint(bytes, cursor, end);
    entry.labelCount = labelCount;
    if (labelCount * 2 > entry.symbols.length) entry.symbols = new Uint32Array(labelCount * 4);
    const { symbols } = entry;
    for (let i = 0; i < 2 * labelCount; i++) symbols[i] = readUvarint(bytes, cursor, end);
    const chunkCount = readUvarint(bytes, cursor, end);
    entry.chunkCount = chunkCount;
    if (chunkCount * CHUNK_COLUMNS > entry.chunks.length)
      entry.chunks = new Float64Array(chunkCount * CHUNK_COLUMNS * 2);
    const { chunks } = entry;
    let last = 0;
    let ref = 0;
    for (let i = 0; i < chunkCount * CHUNK_COLUMNS; i += CHUNK_COLUMNS) {
      const mint = i === 0 ? readVarint(bytes, cursor, end) : last + readUvarint(bytes, cursor, end);
      last = mint + readUvarint(bytes, cursor, end);
      ref = i === 0 ? readUvarint(bytes, cursor, end) : ref + readVarint(bytes, cursor, end);
      chunks[i] = mint;
      chunks[i + 1] = last;
      chunks[i + 2] = ref;
    }
  }

  /** Has the bytes from `at` on at the beginning of the window, `size` of them at least where the file has them. */
  private load(size: number): void {
    if (size > this.bytes.length && size < this.end) {
      const wider = new Uint8Array(size * 2);
      wider.set(this.bytes);
      this.bytes = wider;
    }
    this.start += this.at;
    this.bytes.copyWithin(0, this.at, Math.max(this.at, this.filled));
    this.filled = Math.max(0, this.filled - this.at);
    this.at = 0;
    for (;;) {
      const room = Math.min(this.bytes.length - this.filled, this.end - this.start - this.filled);
      const n = room <= 0 ? 0 : readSync(this.fd, this.bytes, this.filled, room, this.start + this.filled);
      if (n === 0) return;
      this.filled += n;
    }
  }
}
