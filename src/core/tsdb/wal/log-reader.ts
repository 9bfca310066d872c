/**
 * Reads the records of a log's files one after another, in memory for one record and one window of pages. Safe
 * beside a running writer: the last file may end in the middle of a record, where reading stops.
 */
import { readSync } from 'node:fs';
import { crc32c } from '../../encoding/crc32c.ts';
import { snappyDecompress, snappyFirstByte } from '../../encoding/snappy.ts';
import { zstdDecompress } from '../../encoding/zstd.ts';
import { CorruptionError } from '../../errors.ts';
import {
  FRAGMENT_HEADER_BYTES,
  FRAGMENT_KIND_MASK,
  Fragment,
  MAX_RECORD_BYTES,
  PAGE_BYTES,
  SNAPPY_FLAG,
  ZSTD_FLAG,
} from './page.ts';
import { isKnownType, recordType } from './record-type.ts';
import type { LogFile } from './segments.ts';

const WINDOW_BYTES = 16 * PAGE_BYTES;
/** No record becomes so many times smaller. */
const LIKELY_RATIO = 1000;
const NOTHING = new Uint8Array(0);

export class LogReader {
  /** The record that `next` found: a view, valid until the next call. */
  record: Uint8Array = NOTHING;
  /** Where the record's first fragment begins in its file, and where its last one ends. */
  recordStart = 0;
  recordEnd = 0;
  /** The file of the record; undefined before the first. */
  recordFile: LogFile | undefined = undefined;
  /** Index of the file that is being read, which at the end and after a fault is the one it happened in. */
  fileIndex: number;
  /** Where whole records end in that file, as far as it was read. */
  dataEnd: number;
  /** Whether the last file ended within a record, so that reading stopped at `dataEnd`. */
  torn = false;

  private readonly files: readonly LogFile[];
  private readonly wants: ((type: number) => boolean) | undefined;
  private readonly window: Uint8Array;
  private windowStart = 0;
  private windowEnd = 0;
  private pos: number;
  /** Fragments of one record joined together. */
  private joined: Uint8Array = NOTHING;
  private joinedBytes = 0;
  private decompressed: Uint8Array = NOTHING;

  /**
   * Reads from offset `from` of `files[fileIndex]`, where a record or padding must begin. Of records for whose type
   * `wants` is false the checksum is looked at, and no more.
   */
  constructor(files: readonly LogFile[], fileIndex = 0, from = 0, wants?: (type: number) => boolean) {
    this.files = files;
    this.wants = wants;
    this.window = new Uint8Array(windowBytes(files));
    this.fileIndex = fileIndex;
    this.pos = from;
    this.dataEnd = from;
  }

  /** The file that is being read. */
  get file(): LogFile {
    return this.files[this.fileIndex];
  }

  /**
   * Moves to the next record; false at the end. Throws CorruptionError where the log is damaged; the records before
   * that place have been returned.
   */
  next(): boolean {
    let fragments = 0;
    let compression = 0;
    let start = 0;
    this.joinedBytes = 0;
    for (;;) {
      if (this.fileIndex >= this.files.length) return false;
      const size = this.file.sizeBytes;
      const pos = this.pos;
      if (pos >= size) {
        if (fragments > 0) return this.endWithin('the last record is torn', pos);
        if (this.fileIndex + 1 === this.files.length) return false;
        this.openNext();
        continue;
      }
      const pageEnd = pos - (pos % PAGE_BYTES) + PAGE_BYTES;
      this.load(pos, Math.min(pageEnd, size));
      const at = pos - this.windowStart;
      const bytes = this.window;
      const type = bytes[at];
      if (type === 0) {
        this.skipPadding(pos, Math.min(pageEnd, size));
        continue;
      }
      if (!isFragmentType(type)) throw this.corrupt(`there is no fragment type ${type}`, pos);
      if (pos + FRAGMENT_HEADER_BYTES > pageEnd)
        throw this.corrupt('data where a page must end in zeros', pos);
      if (pos + FRAGMENT_HEADER_BYTES > size) return this.endWithin('the header of a fragment is cut', pos);
      const length = (bytes[at + 1] << 8) | bytes[at + 2];
      const end = pos + FRAGMENT_HEADER_BYTES + length;
      if (end > pageEnd) throw this.corrupt(`a fragment of ${length} bytes reaches beyond its page`, pos);
      if (end > size) return this.endWithin('a fragment is cut', pos);
      const data = at + FRAGMENT_HEADER_BYTES;
      const crc =
        ((bytes[at + 3] << 24) | (bytes[at + 4] << 16) | (bytes[at + 5] << 8) | bytes[at + 6]) >>> 0;
      if (crc32c(bytes, data, data + length) !== crc) throw this.corrupt('the checksum does not match', pos);

      const kind = type & FRAGMENT_KIND_MASK;
      if (fragments === 0) {
        if (kind !== Fragment.full && kind !== Fragment.first)
          throw this.corrupt(`a record begins with fragment type ${kind}`, pos);
        start = pos;
        compression = type & ~FRAGMENT_KIND_MASK;
      } else if ((kind !== Fragment.middle && kind !== Fragment.last) || kind + compression !== type) {
        // Either of them may be the damaged one.
        throw this.corrupt(
          `a record of fragment types that do not belong together, ${type} at ${pos}`,
          start,
        );
      }
      fragments++;
      this.pos = end;
      let found = false;
      if (kind === Fragment.full) found = this.finish(bytes.subarray(data, data + length), compression, pos);
      else this.join(data, length);
      if (kind === Fragment.last) {
        found = this.finish(this.joined.subarray(0, this.joinedBytes), compression, start);
      }
      if (kind !== Fragment.full && kind !== Fragment.last) continue;
      this.recordFile = this.file;
      this.recordStart = start;
      this.recordEnd = end;
      this.dataEnd = end;
      if (found) return true;
      fragments = 0;
      this.joinedBytes = 0;
    }
  }

  /** A CorruptionError about the present record, found while decoding it: whole records end before it. */
  fault(error: CorruptionError): CorruptionError {
    this.dataEnd = this.recordStart;
    this.recordFile = undefined;
    return this.corrupt(error.reason, this.recordStart);
  }

  /**
   * Hands every record to `take`. Each fault, also one that `take` finds in a record, goes to `onFault`; what follows it
   * in its file is passed over.
   */
  each(take: (record: Uint8Array) => void, onFault: (error: CorruptionError) => void): void {
    do {
      try {
        while (this.next()) {
          try {
            take(this.record);
          } catch (error) {
            throw error instanceof CorruptionError ? this.fault(error) : error;
          }
        }
        return;
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        onFault(error);
      }
    } while (this.skipFile());
  }

  /**
   * After a fault, goes on with the next file; false where there is none. What is there is whole, but for series that
   * only the damaged part has.
   */
  skipFile(): boolean {
    if (this.fileIndex + 1 >= this.files.length) return false;
    this.openNext();
    return true;
  }

  /** Makes the record of its bytes; false where it is not wanted. */
  private finish(data: Uint8Array, compression: number, start: number): boolean {
    const { wants } = this;
    // What has a type that there is not is damaged, maybe: that is found out.
    const type = wants !== undefined && compression === SNAPPY_FLAG ? snappyFirstByte(data) : 0;
    const isTold = type > 0 && isKnownType(type);
    if (isTold && !wants!(type)) return false;
    try {
      this.record =
        compression === 0 ? this.plain(data) : this.decompress(data, compression, MAX_RECORD_BYTES);
    } catch (error) {
      if (error instanceof CorruptionError) throw this.corrupt(error.reason, start);
      throw error;
    }
    return isTold || wants === undefined || wants(recordType(this.record));
  }

  private decompress(data: Uint8Array, compression: number, limit: number): Uint8Array {
    if (compression !== SNAPPY_FLAG) return zstdDecompress(data, limit);
    const record = snappyDecompress(data, limit, this.decompressed);
    if (record.buffer !== this.decompressed.buffer) this.decompressed = record;
    return record;
  }

  /**
   * A record that says of itself that it is not compressed. No checksum covers that word: where a bit of it is lost, the
   * record has a type that nobody knows, and would be passed over.
   */
  private plain(data: Uint8Array): Uint8Array {
    if (isKnownType(recordType(data))) return data;
    for (const compression of [SNAPPY_FLAG, ZSTD_FLAG]) {
      try {
        const record = this.decompress(data, compression, data.length * LIKELY_RATIO);
        if (isKnownType(recordType(record))) return record;
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
      }
    }
    return data;
  }

  private join(start: number, length: number): void {
    const needed = this.joinedBytes + length;
    if (needed > this.joined.length) {
      const grown = new Uint8Array(Math.max(needed, this.joined.length * 2));
      grown.set(this.joined.subarray(0, this.joinedBytes));
      this.joined = grown;
    }
    this.joined.set(this.window.subarray(start, start + length), this.joinedBytes);
    this.joinedBytes = needed;
  }

  /** The file ends within a record: the end of a log that is being written, damage anywhere else. */
  private endWithin(reason: string, pos: number): boolean {
    if (this.fileIndex + 1 < this.files.length || this.file.checkpoint !== undefined)
      throw this.corrupt(reason, pos);
    this.torn = true;
    this.pos = this.file.sizeBytes;
    return false;
  }

  private skipPadding(pos: number, end: number): void {
    for (let i = pos - this.windowStart; i < end - this.windowStart; i++) {
      if (this.window[i] !== 0) throw this.corrupt('data where a page must end in zeros', pos);
    }
    this.pos = end;
  }

  private openNext(): void {
    this.fileIndex++;
    this.pos = 0;
    this.dataEnd = 0;
    this.windowStart = 0;
    this.windowEnd = 0;
  }

  /** Has bytes [pos, end), which lie in one page, in the window. */
  private load(pos: number, end: number): void {
    if (pos >= this.windowStart && end <= this.windowEnd) return;
    this.windowStart = pos - (pos % PAGE_BYTES);
    this.windowEnd = this.windowStart;
    while (this.windowEnd < end) {
      const at = this.windowEnd - this.windowStart;
      const n = readSync(this.file.fd, this.window, at, this.window.length - at, this.windowEnd);
      if (n === 0) throw this.corrupt('the file became shorter while it was read', this.windowEnd);
      this.windowEnd += n;
    }
  }

  private corrupt(reason: string, offset: number): CorruptionError {
    return new CorruptionError(reason, { file: this.file.path, offset });
  }
}

/** Not more than the files need: most logs are short. */
function windowBytes(files: readonly LogFile[]): number {
  const longest = files.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 1);
  return Math.min(WINDOW_BYTES, Math.ceil(longest / PAGE_BYTES) * PAGE_BYTES);
}

function isFragmentType(type: number): boolean {
  const kind = type & FRAGMENT_KIND_MASK;
  const compression = type - kind;
  return (
    kind >= Fragment.full &&
    kind <= Fragment.last &&
    (compression === 0 || compression === SNAPPY_FLAG || compression === ZSTD_FLAG)
  );
}
