/**
 * Positioned reads of an immutable file, a page at a time, through a cache that several files share and that never
 * holds more than its budget. Synchronous: commands and query workers own their thread.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CorruptionError } from '../../errors.ts';

/** One read: large enough that the chunks of a series are rarely more, small enough for a single lookup. */
const PAGE_BYTES = 16 * 1024;
/** What a page takes in memory, with its bits. */
const PAGE_COST_BYTES = PAGE_BYTES + PAGE_BYTES / 8;
/** Room behind each page, which chunk decoders look into but do not use. */
const SLACK_BYTES = 64;
const DEFAULT_BUDGET_BYTES = 16 * 1024 * 1024;

interface Page {
  /** Where the file holds it, until it is dropped: the file's table of pages, and the place in it. */
  table: (Page | undefined)[];
  number: number;
  bytes: Uint8Array;
  /** Whether it was asked for since the hand passed. */
  used: boolean;
  /** A bit for each byte at which something begins whose checksum was found right; null before the first. */
  verified: Uint8Array | null;
}

/** Of the pages that find no room, one in so many is taken in for another. */
const ADMITTED_ONE_IN = 4;

/**
 * Pages of several files. Where there are too many, one is dropped that has not been used for a while: a hand goes
 * round over all pages, spares those used since it last came by, and drops the first other one ("clock"). So a page
 * that is found costs a look into an array, and nothing is moved. What is read through again and again, and is more
 * than there is room for, would drop each page just before it is needed: so most pages are not taken in then.
 */
export class PageCache {
  private readonly maxPages: number;
  private readonly ring: Page[] = [];
  private hand = 0;
  private refused = 0;

  constructor(budgetBytes = DEFAULT_BUDGET_BYTES) {
    this.maxPages = Math.max(4, Math.floor(budgetBytes / PAGE_COST_BYTES));
  }

  /** Enters page `number` in its file's table, if it is taken in. */
  add(table: (Page | undefined)[], number: number, bytes: Uint8Array): Page {
    const page: Page = { table, number, bytes, used: true, verified: null };
    if (this.ring.length < this.maxPages) {
      table[number] = page;
      this.ring.push(page);
      return page;
    }
    if (++this.refused < ADMITTED_ONE_IN) return page;
    this.refused = 0;
    table[number] = page;
    for (;;) {
      const at = this.hand;
      this.hand = at + 1 === this.ring.length ? 0 : at + 1;
      const oldest = this.ring[at];
      if (oldest.used) {
        oldest.used = false;
        continue;
      }
      oldest.table[oldest.number] = undefined;
      this.ring[at] = page;
      return page;
    }
  }
}

export class PagedFile {
  readonly path: string;
  readonly size: number;
  /** Bytes that were read from the file so far, for tests and statistics. */
  bytesRead = 0;
  /** What `seek` found; valid until the next `seek`. */
  window: Uint8Array = new Uint8Array(0);
  /** How many bytes the last `seekUpTo` found. */
  available = 0;
  private readonly fd: number;
  private readonly cache: PageCache;
  private readonly pages: (Page | undefined)[] = [];
  /** The page that was looked at last, which the cache may have dropped by now. */
  private last: Page | null = null;
  /** Whether `window` is the bytes of that page. */
  private onPage = false;

  /** Throws what `open` throws: a missing file is the caller's to explain. */
  constructor(path: string, cache: PageCache = new PageCache()) {
    this.path = path;
    this.fd = openSync(path, 'r');
    this.size = fstatSync(this.fd).size;
    this.cache = cache;
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
      this.window = this.page(page).bytes;
      this.onPage = true;
      return start;
    }
    this.window = this.acrossPages(page, start, offset, length);
    this.onPage = false;
    return 0;
  }

  /**
   * Whether what begins at `at` of the present window was marked as verified. The bytes of a page stay as they are for
   * as long as it is cached, so a checksum needs to be worked out only once.
   */
  isVerified(at: number): boolean {
    if (!this.onPage) return false;
    const { verified } = this.last!;
    return verified !== null && (verified[at >>> 3] & (1 << (at & 7))) !== 0;
  }

  markVerified(at: number): void {
    if (!this.onPage) return;
    const page = this.last!;
    page.verified ??= new Uint8Array(PAGE_BYTES / 8);
    page.verified[at >>> 3] |= 1 << (at & 7);
  }

  /** As `seek`, but as many of the wanted bytes as the file has: `available` says how many. */
  seekUpTo(offset: number, length: number): number {
    this.available = Math.max(0, Math.min(length, this.size - offset));
    return this.seek(offset, this.available);
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

  private acrossPages(page: number, start: number, offset: number, length: number): Uint8Array {
    const whole = unfilled(length + SLACK_BYTES);
    if (length > PAGE_BYTES * 4) {
      this.readAt(whole, length, offset);
      return whole;
    }
    let done = 0;
    for (let p = page; done < length; p++) {
      const from = p === page ? start : 0;
      const bytes = this.page(p).bytes.subarray(from, Math.min(PAGE_BYTES, from + length - done));
      whole.set(bytes, done);
      done += bytes.length;
    }
    return whole;
  }

  private page(number: number): Page {
    if (this.last?.number === number) return this.last;
    let page = this.pages[number];
    if (page !== undefined) {
      page.used = true;
    } else {
      const bytes = unfilled(PAGE_BYTES + SLACK_BYTES);
      const offset = number * PAGE_BYTES;
      this.readAt(bytes, Math.min(PAGE_BYTES, this.size - offset), offset);
      page = this.cache.add(this.pages, number, bytes);
    }
    this.last = page;
    return page;
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

/** Not zeroed, since it is read into. Not a Buffer, so that decoders see one kind of array. */
function unfilled(size: number): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer, byteOffset, length);
}
