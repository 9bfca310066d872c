/**
 * Positioned reads of an immutable file, a page at a time, through a cache that several files share and that never
 * holds more than its budget. Synchronous: commands and query workers own their thread.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CorruptionError } from '../../errors.ts';

/** One read: large enough that the chunks of a series are rarely more, small enough for a single lookup. */
const PAGE_BYTES = 32 * 1024;
/** Room behind each page, which chunk decoders look into but do not use. */
const SLACK_BYTES = 64;
const DEFAULT_BUDGET_BYTES = 16 * 1024 * 1024;
const TWO_32 = 2 ** 32;

/** Pages of several files, the least recently used of which is dropped when there are too many. */
export class PageCache {
  private readonly maxPages: number;
  /** In order of use. Keys are file id and page number in one number. */
  private readonly pages = new Map<number, Uint8Array>();
  private files = 0;

  constructor(budgetBytes = DEFAULT_BUDGET_BYTES) {
    this.maxPages = Math.max(4, Math.floor(budgetBytes / PAGE_BYTES));
  }

  /** A number for a file that joins. */
  register(): number {
    return this.files++;
  }

  get(file: number, page: number): Uint8Array | undefined {
    const key = file * TWO_32 + page;
    const bytes = this.pages.get(key);
    if (bytes === undefined) return undefined;
    this.pages.delete(key);
    this.pages.set(key, bytes);
    return bytes;
  }

  put(file: number, page: number, bytes: Uint8Array): void {
    if (this.pages.size >= this.maxPages) {
      for (const oldest of this.pages.keys()) {
        this.pages.delete(oldest);
        break;
      }
    }
    this.pages.set(file * TWO_32 + page, bytes);
  }
}

export class PagedFile {
  readonly path: string;
  readonly size: number;
  /** Bytes that were read from the file so far, for tests and statistics. */
  bytesRead = 0;
  /** What `seek` found; valid until the next `seek`. */
  window: Uint8Array = new Uint8Array(0);
  private readonly fd: number;
  private readonly cache: PageCache;
  private readonly id: number;
  private lastPage = -1;
  private lastBytes: Uint8Array = this.window;

  /** Throws what `open` throws: a missing file is the caller's to explain. */
  constructor(path: string, cache: PageCache = new PageCache()) {
    this.path = path;
    this.fd = openSync(path, 'r');
    this.size = fstatSync(this.fd).size;
    this.cache = cache;
    this.id = cache.register();
  }

  close(): void {
    closeSync(this.fd);
  }

  /**
   * Makes bytes [offset, offset + length) of the file readable in `window` and returns where in it they start. Some
   * more bytes may follow them, and 64 bytes of room always do. Throws CorruptionError where the file is shorter.
   */
  seek(offset: number, length: number): number {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new CorruptionError(`wants ${length} bytes, but the file has ${this.size}`, this.at(offset));
    }
    const page = Math.floor(offset / PAGE_BYTES);
    const start = offset - page * PAGE_BYTES;
    if (start + length <= PAGE_BYTES) {
      this.window = this.page(page);
      return start;
    }
    const whole = new Uint8Array(length + SLACK_BYTES);
    if (length > PAGE_BYTES * 2) {
      this.readAt(whole, length, offset);
    } else {
      let done = 0;
      for (let p = page; done < length; p++) {
        const from = done === 0 ? start : 0;
        const bytes = this.page(p).subarray(from, Math.min(PAGE_BYTES, from + length - done));
        whole.set(bytes, done);
        done += bytes.length;
      }
    }
    this.window = whole;
    return 0;
  }

  /** As `seek`, but as many of the wanted bytes as the file has. Returns that number; they start at `at` of `window`. */
  seekUpTo(offset: number, length: number): { at: number; length: number } {
    const there = Math.max(0, Math.min(length, this.size - offset));
    return { at: this.seek(offset, there), length: there };
  }

  /** Reads [offset, end) in pieces that do not go through the cache, for sections that are read once, in order. */
  scan(offset: number, end: number, each: (piece: Uint8Array, start: number, length: number) => void): void {
    if (!(offset >= 0 && offset <= end && end <= this.size)) {
      throw new CorruptionError(`has a section up to byte ${end}, but ends at ${this.size}`, this.at(offset));
    }
    const buffer = new Uint8Array(Math.min(end - offset, SCAN_BYTES));
    for (let at = offset; at < end; ) {
      const length = Math.min(buffer.length, end - at);
      this.readAt(buffer, length, at);
      each(buffer, 0, length);
      at += length;
    }
  }

  private page(page: number): Uint8Array {
    if (page === this.lastPage) return this.lastBytes;
    let bytes = this.cache.get(this.id, page);
    if (bytes === undefined) {
      bytes = new Uint8Array(PAGE_BYTES + SLACK_BYTES);
      const offset = page * PAGE_BYTES;
      this.readAt(bytes, Math.min(PAGE_BYTES, this.size - offset), offset);
      this.cache.put(this.id, page, bytes);
    }
    this.lastPage = page;
    this.lastBytes = bytes;
    return bytes;
  }

  private readAt(into: Uint8Array, length: number, offset: number): void {
    let done = 0;
    while (done < length) {
      const n = readSync(this.fd, into, done, length - done, offset + done);
      if (n === 0) throw new CorruptionError('file became shorter while it was read', this.at(offset + done));
      done += n;
    }
    this.bytesRead += length;
  }

  private at(offset: number): { file: string; offset: number } {
    return { file: this.path, offset };
  }
}

const SCAN_BYTES = 256 * 1024;
