/**
 * Appends records to a log. Records are gathered until `flush`, which hands them to the kernel in large writes and
 * so acknowledges them; a segment that is full, and the last one at `close`, is also synced to the disk, at once or
 * in the background.
 *
 * Nothing is acknowledged in part: when a write fails (no space, an I/O error), the log is cut back to where the
 * last `flush` ended, and the next one starts there.
 */
import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../encoding/crc32c.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../../encoding/snappy.ts';
import { LogStats } from './log-stats.ts';
import {
  FRAGMENT_HEADER_BYTES,
  Fragment,
  PAGE_BYTES,
  SEGMENT_BYTES,
  SNAPPY_FLAG,
  ZSTD_FLAG,
} from './page.ts';
import { segmentName } from './segments.ts';

/** Gathered records beyond this size are written before the flush, which keeps a large batch out of memory. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** A place in a log between two records. */
export interface LogPosition {
  segment: number;
  offset: number;
}

export interface LogWriterOptions {
  /** Default snappy; zstd as a function because loading it may take a moment. */
  compression?: 'none' | 'snappy' | { zstd: (bytes: Uint8Array) => Uint8Array };
  /** Where a segment is full; default as Prometheus. Tests use less. */
  segmentBytes?: number;
  /**
   * Where it is given, nobody waits for a full segment to be synced, and this is told if that fails: what is in it
   * would not survive a power failure then.
   */
  onSyncFailure?: (error: Error) => void;
  /** Counted up. */
  stats?: LogStats;
}

export class LogWriter {
  private readonly dir: string;
  private readonly segmentBytes: number;
  private readonly flag: number;
  private readonly stats: LogStats;
  private readonly onSyncFailure: ((error: Error) => void) | undefined;
  private readonly zstd: ((bytes: Uint8Array) => Uint8Array) | undefined;
  private compressed = new Uint8Array(0);
  private segment: number;
  private fd: number;
  /** Bytes of the segment that the kernel has. */
  private written: number;
  /** Where the last flush ended. */
  private committedSegment: number;
  private committedOffset: number;
  /** Where the last record that was logged begins, and the last that was committed. */
  private lastRecord = 0;
  private committedRecord = 0;
  /** Whether the kernel has bytes that were not committed, which must go before anything is written. */
  private excess = false;
  private buffer = new Uint8Array(2 * PAGE_BYTES);
  private buffered = 0;

  /**
   * Opens the log in `dir` (made where it does not exist) to go on at `position`, which must be where its last
   * record ends: what lies behind it there is cut off. Position 0 of a new number makes that segment.
   */
  constructor(dir: string, position: LogPosition, options: LogWriterOptions = {}) {
    const compression = options.compression ?? 'snappy';
    this.dir = dir;
    this.onSyncFailure = options.onSyncFailure;
    this.stats = options.stats ?? new LogStats();
    this.segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.zstd = typeof compression === 'object' ? compression.zstd : undefined;
    this.flag = compression === 'snappy' ? SNAPPY_FLAG : compression === 'none' ? 0 : ZSTD_FLAG;
    mkdirSync(dir, { recursive: true });
    this.segment = position.segment;
    this.committedSegment = position.segment;
    this.committedOffset = position.offset;
    this.written = position.offset;
    this.fd = this.openSegment(position.segment, position.offset);
  }

  /** Where the last flush ended. */
  get position(): LogPosition {
    return { segment: this.committedSegment, offset: this.committedOffset };
  }

  /** Where the last record that was flushed begins, in the segment of `position`. */
  get lastRecordStart(): number {
    return this.committedRecord;
  }

  /** Adds a record; it is copied. May write, and so throws what `flush` throws. */
  log(record: Uint8Array): void {
    this.cutExcess();
    let data = record;
    let flag = 0;
    if (this.flag !== 0 && record.length > 0) {
      const smaller = this.compress(record);
      if (smaller.length < record.length) {
        data = smaller;
        this.stats.savedBytes += record.length - smaller.length;
        flag = this.flag;
      }
    }
    if (data.length > this.roomInSegment()) this.nextSegment();
    this.fragment(data, flag);
    if (this.buffered >= WRITE_BYTES) this.guarded(() => this.writeBuffered());
  }

  /** Hands all records to the kernel. Throws the system's error, and then none of them is in the log. */
  flush(): void {
    this.guarded(() => {
      this.cutExcess();
      this.writeBuffered();
      this.committedSegment = this.segment;
      this.committedOffset = this.written;
      this.committedRecord = this.lastRecord;
    });
  }

  /** Forgets the records since the last flush. Never throws: what cannot be cut off now is cut off later. */
  discard(): void {
    this.buffered = 0;
    if (this.segment !== this.committedSegment || this.written !== this.committedOffset) this.excess = true;
    try {
      this.cutExcess();
    } catch {
      // `excess` stays set: the next write tries again, and reports it if it still cannot be done.
    }
  }

  /** Flushes, and begins the next segment unless this one is empty. Throws the system's error. */
  cut(): void {
    this.flush();
    if (this.written === 0) return;
    this.nextSegment();
    this.flush();
  }

  /** Makes what was flushed survive a power failure. */
  sync(): void {
    const began = performance.now();
    fsyncSync(this.fd);
    this.stats.synced(began);
  }

  /** Syncs and closes. Records that were not flushed are lost. */
  close(): void {
    this.discard();
    try {
      fsyncSync(this.fd);
    } finally {
      closeSync(this.fd);
    }
  }

  private compress(record: Uint8Array): Uint8Array {
    if (this.zstd !== undefined) return this.zstd(record);
    const room = snappyMaxCompressedLength(record.length);
    if (this.compressed.length < room) this.compressed = new Uint8Array(room);
    return this.compressed.subarray(0, snappyCompress(record, 0, record.length, this.compressed, 0));
  }

  /** How many bytes of one record the segment still takes. A record larger than a whole segment gets its own. */
  private roomInSegment(): number {
    const at = this.written + this.buffered;
    if (at === 0) return Number.POSITIVE_INFINITY;
    const inPage = PAGE_BYTES - (at % PAGE_BYTES);
    const pagesAfter = Math.floor((this.segmentBytes - at - inPage) / PAGE_BYTES);
    return (
      Math.max(inPage - FRAGMENT_HEADER_BYTES, 0) +
      Math.max(pagesAfter, 0) * (PAGE_BYTES - FRAGMENT_HEADER_BYTES)
    );
  }

  private fragment(data: Uint8Array, flag: number): void {
    let done = 0;
    for (let first = true; first || done < data.length; first = false) {
      let inPage = PAGE_BYTES - ((this.written + this.buffered) % PAGE_BYTES);
      if (inPage < FRAGMENT_HEADER_BYTES) {
        this.reserve(inPage);
        this.buffer.fill(0, this.buffered, this.buffered + inPage);
        this.buffered += inPage;
        inPage = PAGE_BYTES;
      }
      if (first) this.lastRecord = this.written + this.buffered;
      const length = Math.min(data.length - done, inPage - FRAGMENT_HEADER_BYTES);
      const last = done + length === data.length;
      const kind = first ? (last ? Fragment.full : Fragment.first) : last ? Fragment.last : Fragment.middle;
      this.reserve(FRAGMENT_HEADER_BYTES + length);
      const out = this.buffer;
      const at = this.buffered;
      const crc = crc32c(data, done, done + length);
      out[at] = kind | flag;
      out[at + 1] = length >>> 8;
      out[at + 2] = length;
      out[at + 3] = crc >>> 24;
      out[at + 4] = crc >>> 16;
      out[at + 5] = crc >>> 8;
      out[at + 6] = crc;
      out.set(data.subarray(done, done + length), at + FRAGMENT_HEADER_BYTES);
      this.buffered = at + FRAGMENT_HEADER_BYTES + length;
      this.stats.parts++;
      this.stats.partBytes += FRAGMENT_HEADER_BYTES + length;
      done += length;
    }
  }

  private reserve(more: number): void {
    const needed = this.buffered + more;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.buffered));
    this.buffer = grown;
  }

  /** Ends the present segment with a whole page, and begins the next. */
  private nextSegment(): void {
    this.guarded(() => {
      const inPage = (this.written + this.buffered) % PAGE_BYTES;
      if (inPage > 0) {
        this.reserve(PAGE_BYTES - inPage);
        this.buffer.fill(0, this.buffered, this.buffered + PAGE_BYTES - inPage);
        this.buffered += PAGE_BYTES - inPage;
      }
      this.writeBuffered();
      if (this.onSyncFailure === undefined) this.sync();
      const full = this.fd;
      this.fd = this.openSegment(this.segment + 1, 0);
      if (this.onSyncFailure === undefined) closeSync(full);
      else syncAndClose(full, this.onSyncFailure, this.stats);
      this.segment++;
      this.written = 0;
    });
  }

  private writeBuffered(): void {
    const from = this.written;
    for (let at = 0; at < this.buffered; ) {
      const n = writeSync(this.fd, this.buffer, at, this.buffered - at, this.written);
      at += n;
      this.written += n;
    }
    if (this.buffered > 0) this.stats.writes++;
    this.stats.pages += Math.floor(this.written / PAGE_BYTES) - Math.floor(from / PAGE_BYTES);
    this.buffered = 0;
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      // Part of what was to be written may be there, whatever the system said.
      this.excess = true;
      this.discard();
      throw error;
    }
  }

  /** Brings the files back to the last flush. */
  private cutExcess(): void {
    if (!this.excess) return;
    if (this.segment !== this.committedSegment) {
      const fd = this.openSegment(this.committedSegment, this.committedOffset);
      closeSync(this.fd);
      this.fd = fd;
      for (let later = this.segment; later > this.committedSegment; later--) {
        unlinkSync(join(this.dir, segmentName(later)));
        this.segment = later - 1;
      }
    } else {
      ftruncateSync(this.fd, this.committedOffset);
    }
    this.written = this.committedOffset;
    this.excess = false;
  }

  private openSegment(segment: number, offset: number): number {
    const path = join(this.dir, segmentName(segment));
    const isNew = !existsSync(path);
    const fd = openSync(path, isNew ? 'wx' : 'r+');
    try {
      if (!isNew) ftruncateSync(fd, offset);
      else if (this.onSyncFailure === undefined) syncDirectory(this.dir);
      else if (process.platform !== 'win32') syncAndClose(openSync(this.dir, 'r'), this.onSyncFailure);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  }
}

function syncAndClose(fd: number, onFailure: (error: Error) => void, stats?: LogStats): void {
  const began = performance.now();
  fsync(fd, (error) => {
    closeSync(fd);
    stats?.synced(began);
    if (error !== null) onFailure(error);
  });
}

/** Makes the names in a directory survive a power failure. */
export function syncDirectory(dir: string): void {
  // Windows cannot open directories, and needs no such thing.
  if (process.platform === 'win32') return;
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
