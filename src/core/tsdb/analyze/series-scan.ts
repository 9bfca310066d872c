/**
 * Reads all series entries of an index from the first to the last, straight from the file: what
 * `IndexReader.readEntry` does, for those who go through a whole block once. Format version 2 only, where entries
 * follow one another. docs/format/index.md.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32c } from '../../encoding/crc32c.ts';
import { readUint32 } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { SERIES_ALIGNMENT } from '../index/format.ts';
import type { IndexReader } from '../index/index.ts';
import type { SeriesBatch } from './series-batch.ts';

const WINDOW_BYTES = 256 * 1024;
/** More than nearly any entry takes, so that it is rare that one is not whole in the window. */
const AHEAD_BYTES = 8 * 1024;
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

  constructor({ path, toc }: IndexReader) {
    this.path = path;
    this.fd = openSync(path, 'r');
    this.start = Math.ceil(toc.series / SERIES_ALIGNMENT) * SERIES_ALIGNMENT;
    this.end = Math.min(...Object.values(toc).filter((offset) => offset > toc.series));
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Fills the batch; false where there are no more series behind it. Throws CorruptionError. */
  fill(batch: SeriesBatch): boolean {
    while (!batch.isFull) {
      if (this.start + this.at + LENGTH_BYTES >= this.end) return false;
      if (this.at + AHEAD_BYTES > this.filled) this.load(AHEAD_BYTES);
      const missing = this.decode(batch);
      if (missing === 0) continue;
      this.load(missing);
      if (this.at + missing > this.filled) throw this.damaged('has a series that does not end');
    }
    return true;
  }

  /**
   * Adds the next entry if it is whole in the window; else returns how many bytes it takes. Throws CorruptionError.
   *
   * With a small block most of the time goes into compiling this. So numbers are read here rather than by calls, each of
   * which would be compiled as well, and it is too long to be compiled once more as a part of the loop around it.
   */
  private decode(batch: SeriesBatch): number {
    const { bytes } = this;
    let pos = this.at;
    let b = bytes[pos++];
    let length = b & 0x7f;
    for (let shift = 7; b >= 0x80; shift += 7) {
      b = bytes[pos++];
      length |= (b & 0x7f) << shift;
    }
    const end = pos + length;
    if (length >= 0 && end + CHECKSUM_BYTES > this.filled) return end + CHECKSUM_BYTES - this.at;
    if (length < 0 || crc32c(bytes, pos, end) !== readUint32(bytes, end)) {
      throw this.damaged('has a damaged series (checksum)');
    }
    // No number is shorter than a byte.
    batch.reserve(length, length);
    const { symbols, refs } = batch;

    b = bytes[pos++];
    let labels = b & 0x7f;
    for (let shift = 7; b >= 0x80; shift += 7) {
      b = bytes[pos++];
      labels |= (b & 0x7f) << shift;
    }
    let { symbolCount } = batch;
    for (const last = symbolCount + 2 * labels; symbolCount < last && pos < end; ) {
      b = bytes[pos++];
      let symbol = b & 0x7f;
      for (let shift = 7; b >= 0x80; shift += 7) {
        b = bytes[pos++];
        symbol |= (b & 0x7f) << shift;
      }
      symbols[symbolCount++] = symbol;
    }

    b = bytes[pos++];
    let chunks = b & 0x7f;
    for (let shift = 7; b >= 0x80; shift += 7) {
      b = bytes[pos++];
      chunks |= (b & 0x7f) << shift;
    }
    // Of each chunk: from where the one before ends to its start, its length, and how far its ref is from the other's.
    let { refCount } = batch;
    let mint = 0;
    let maxt = 0;
    let ref = 0;
    for (let i = 0; i < 3 * chunks && pos < end; i++) {
      b = bytes[pos++];
      let value = b & 0x7f;
      for (let scale = 128; b >= 0x80; scale *= 128) {
        b = bytes[pos++];
        value += (b & 0x7f) * scale;
      }
      const isZigzagged = i === 0 || (i > 2 && i % 3 === 2);
      if (isZigzagged) value = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      if (i === 0) mint = value;
      if (i % 3 !== 2) maxt += value;
      else refs[refCount++] = ref += value;
    }
    if (pos !== end) throw this.damaged('has a series that is not as long as it says');
    batch.enter(symbolCount, refCount, maxt - mint);
    this.at = (end + CHECKSUM_BYTES + SERIES_ALIGNMENT - 1) & -SERIES_ALIGNMENT;
    return 0;
  }

  /** Has the bytes from `at` on at the beginning of the window, `size` of them at least where the file has them. */
  private load(size: number): void {
    if (this.start + this.filled >= this.end) return;
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

  private damaged(what: string): CorruptionError {
    return new CorruptionError(what, { file: this.path, offset: this.start + this.at });
  }
}
