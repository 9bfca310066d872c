/**
 * `tsmon.refs`: what the appender knows of every series of a log, in a hash table on disk, so that appending to a
 * few series reads a few pages and not the log. Drawn in docs/format/refs.md.
 *
 * The file is a cache. It says up to which place of the log it is right, and whoever finds more in the log brings it
 * up to date; it is made anew where it does not fit the log, or was written before the machine last started, since
 * it is never synced. Prometheus takes no notice of it.
 */
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { crc32c } from '../../encoding/crc32c.ts';
import { FRAGMENT_HEADER_BYTES } from '../wal/index.ts';
import { HASH_WORDS, KEY_WORDS, NO_SAMPLE, type SeriesStates } from './series-states.ts';

/** How far a table knows its log. */
export interface Coverage {
  /** Number of the log's checkpoint, -1 where it has none. */
  checkpoint: number;
  /** Where the last record that was looked at ends. */
  segment: number;
  offset: number;
  /** Where that record begins, and the seven bytes there: the log must still have them. */
  lastRecord: number;
  lastHeader: Uint8Array;
  /** The highest ref that the log mentions. */
  maxRef: number;
}

const MAGIC_0 = 0x6e6d7374;
const MAGIC_1 = 0x73666572;
const VERSION = 1;
const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
const ENTRY_WORDS = 12;
const ENTRIES_PER_PAGE = Math.floor(PAGE_WORDS / ENTRY_WORDS);
/** The word of a page that counts its entries. */
const COUNT_WORD = PAGE_WORDS - 1;
/** Full pages overflow into the next; up to this load hardly any is full. */
const MAX_LOAD = 0.8;
/** Of a table just written, so that it can grow by a third before it has to be written again. */
const FRESH_LOAD = 0.6;
const NO_SAMPLE_HIGH = -0x8000;
const TWO_32 = 2 ** 32;

/** Times that an entry can hold: 48 bits. */
export const MIN_TIME = -(2 ** 47) + TWO_32;
export const MAX_TIME = 2 ** 47 - 1;

// Words of the header.
const H_PAGES = 3;
const H_KEY = 4;
const H_CHECKPOINT = 8;
const H_SEGMENT = 9;
const H_OFFSET = 10;
const H_LAST_RECORD = 11;
const H_LAST_HEADER = 12;
const H_MAX_REF = 14;
const H_COUNT = 16;
const H_BOOT_ID = 20;
const BOOT_ID_BYTES = 64;
const H_CRC = 36;

export class RefTable {
  readonly key: Uint32Array;
  readonly coverage: Coverage;
  private readonly path: string;
  private readonly fd: number;
  private readonly header: Uint32Array;
  private readonly pages: number;
  private readonly cache = new Map<number, Uint32Array>();
  private readonly dirty = new Set<number>();
  private count: number;

  private constructor(path: string, fd: number, header: Uint32Array) {
    this.path = path;
    this.fd = fd;
    this.header = header;
    this.pages = header[H_PAGES];
    this.key = header.slice(H_KEY, H_KEY + KEY_WORDS);
    this.count = header[H_COUNT];
    this.coverage = readCoverage(header);
  }

  /** The table at `path`; undefined where there is none, or none that was written since `bootId` began. */
  static open(path: string, bootId: string): RefTable | undefined {
    let fd: number;
    try {
      fd = openSync(path, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const header = new Uint32Array(PAGE_WORDS);
    const whole = readSync(fd, bytesOf(header), 0, PAGE_BYTES, 0) === PAGE_BYTES;
    if (whole && isHeader(header, bootId) && fstatSync(fd).size >= (header[H_PAGES] + 1) * PAGE_BYTES) {
      return new RefTable(path, fd, header);
    }
    closeSync(fd);
    return undefined;
  }

  /** Adds the series with this hash, which `states` does not have, to `states`; -1 where the table has none. */
  load(hash: Uint32Array, states: SeriesStates): number {
    for (let n = homePage(hash[0], this.pages); ; n = (n + 1) % this.pages) {
      const page = this.page(n);
      const at = findEntry(page, hash);
      if (at >= 0) return readEntry(page, at, states);
      if (page[COUNT_WORD] < ENTRIES_PER_PAGE) return -1;
    }
  }

  /** Adds all series that `states` does not have yet. */
  loadAll(states: SeriesStates): void {
    states.resize(Math.max(states.capacity, states.count + this.count));
    const piece = new Uint32Array(PAGE_WORDS * 256);
    for (let first = 0; first < this.pages; first += 256) {
      const n = Math.min(256, this.pages - first);
      readFully(this.fd, bytesOf(piece).subarray(0, n * PAGE_BYTES), (first + 1) * PAGE_BYTES);
      for (let i = 0; i < n; i++) {
        const page = piece.subarray(i * PAGE_WORDS, (i + 1) * PAGE_WORDS);
        for (let entry = 0; entry < page[COUNT_WORD]; entry++) {
          const at = entry * ENTRY_WORDS;
          if (states.find(page.subarray(at, at + HASH_WORDS)) < 0) readEntry(page, at, states);
        }
      }
    }
  }

  /**
   * Writes what is known of the series at `indexes` of `states`, and then how far the log is known. Where the table
   * gets too full it is written anew, which costs a constant for each series ever added.
   */
  update(states: SeriesStates, indexes: Iterable<number>, coverage: Coverage): void {
    for (const i of indexes) {
      if (!this.put(states, i)) {
        this.loadAll(states);
        writeRefTable(this.path, states, this.key, coverage, this.bootId());
        return;
      }
    }
    for (const n of this.dirty) {
      writeFully(this.fd, bytesOf(this.cache.get(n)!), (n + 1) * PAGE_BYTES);
    }
    this.dirty.clear();
    this.header[H_COUNT] = this.count;
    writeCoverage(this.header, coverage);
    // Last, because the pages may be ahead of what the header promises, but not behind.
    writeFully(this.fd, bytesOf(this.header), 0);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** False where there is no room. */
  private put(states: SeriesStates, i: number): boolean {
    const hash = states.hash.subarray(i * HASH_WORDS, (i + 1) * HASH_WORDS);
    for (let n = homePage(hash[0], this.pages); ; n = (n + 1) % this.pages) {
      const page = this.page(n);
      let at = findEntry(page, hash);
      if (at < 0) {
        if (page[COUNT_WORD] === ENTRIES_PER_PAGE) continue;
        if (this.count >= this.pages * ENTRIES_PER_PAGE * MAX_LOAD) return false;
        at = page[COUNT_WORD]++ * ENTRY_WORDS;
        this.count++;
      }
      writeEntry(page, at, states, i);
      this.dirty.add(n);
      return true;
    }
  }

  private page(n: number): Uint32Array {
    let page = this.cache.get(n);
    if (page === undefined) {
      page = new Uint32Array(PAGE_WORDS);
      readFully(this.fd, bytesOf(page), (n + 1) * PAGE_BYTES);
      this.cache.set(n, page);
    }
    return page;
  }

  private bootId(): string {
    return readBootId(this.header);
  }
}

/** Writes a table of those of `states` that are in the log, in place of the one at `path`. */
export function writeRefTable(
  path: string,
  states: SeriesStates,
  key: Uint32Array,
  coverage: Coverage,
  bootId: string,
): void {
  let count = 0;
  for (let i = 0; i < states.count; i++) if (states.ref[i] !== 0) count++;
  const pages = Math.ceil((count + 1) / (ENTRIES_PER_PAGE * FRESH_LOAD));
  const table = new Uint32Array((pages + 1) * PAGE_WORDS);
  for (let i = 0; i < states.count; i++) {
    if (states.ref[i] === 0) continue;
    let n = homePage(states.hash[i * HASH_WORDS], pages);
    while (table[(n + 2) * PAGE_WORDS - 1] === ENTRIES_PER_PAGE) n = (n + 1) % pages;
    const page = table.subarray((n + 1) * PAGE_WORDS, (n + 2) * PAGE_WORDS);
    writeEntry(page, page[COUNT_WORD]++ * ENTRY_WORDS, states, i);
  }
  table[0] = MAGIC_0;
  table[1] = MAGIC_1;
  table[2] = VERSION;
  table[H_PAGES] = pages;
  table.set(key, H_KEY);
  table[H_COUNT] = count;
  const id = Buffer.from(bootId, 'latin1').subarray(0, BOOT_ID_BYTES);
  bytesOf(table).set(id, H_BOOT_ID * 4);
  writeCoverage(table.subarray(0, PAGE_WORDS), coverage);

  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w');
  try {
    writeFully(fd, bytesOf(table), 0);
  } catch (error) {
    closeSync(fd);
    rmSync(temporary, { force: true });
    throw error;
  }
  closeSync(fd);
  renameSync(temporary, path);
}

function isHeader(header: Uint32Array, bootId: string): boolean {
  const pages = header[H_PAGES];
  return (
    header[0] === MAGIC_0 &&
    header[1] === MAGIC_1 &&
    header[2] === VERSION &&
    header[H_CRC] === headerCrc(header) &&
    pages > 0 &&
    readBootId(header) === bootId
  );
}

function readBootId(header: Uint32Array): string {
  const id = Buffer.from(header.buffer, header.byteOffset + H_BOOT_ID * 4, BOOT_ID_BYTES);
  return id.toString('latin1').replace(/\0+$/, '');
}

function headerCrc(header: Uint32Array): number {
  return crc32c(bytesOf(header), 0, H_CRC * 4);
}

function readCoverage(header: Uint32Array): Coverage {
  return {
    checkpoint: header[H_CHECKPOINT] - 1,
    segment: header[H_SEGMENT],
    offset: header[H_OFFSET],
    lastRecord: header[H_LAST_RECORD],
    lastHeader: bytesOf(header).slice(H_LAST_HEADER * 4, H_LAST_HEADER * 4 + FRAGMENT_HEADER_BYTES),
    maxRef: header[H_MAX_REF] + header[H_MAX_REF + 1] * TWO_32,
  };
}

function writeCoverage(header: Uint32Array, coverage: Coverage): void {
  header[H_CHECKPOINT] = coverage.checkpoint + 1;
  header[H_SEGMENT] = coverage.segment;
  header[H_OFFSET] = coverage.offset;
  header[H_LAST_RECORD] = coverage.lastRecord;
  bytesOf(header).set(coverage.lastHeader.subarray(0, FRAGMENT_HEADER_BYTES), H_LAST_HEADER * 4);
  header[H_MAX_REF] = coverage.maxRef;
  header[H_MAX_REF + 1] = Math.floor(coverage.maxRef / TWO_32);
  header[H_CRC] = headerCrc(header);
}

function homePage(hash: number, pages: number): number {
  return Math.floor((hash * pages) / TWO_32);
}

/** Where in the page the entry with this hash is, or -1. */
function findEntry(page: Uint32Array, hash: Uint32Array): number {
  const end = page[COUNT_WORD] * ENTRY_WORDS;
  for (let at = 0; at < end; at += ENTRY_WORDS) {
    if (page[at] === hash[0] && page[at + 1] === hash[1] && page[at + 2] === hash[2]) return at;
  }
  return -1;
}

function readEntry(page: Uint32Array, at: number, states: SeriesStates): number {
  const i = states.add(page.subarray(at, at + HASH_WORDS));
  const mixed = page[at + 4];
  states.ref[i] = page[at + 3] + (mixed & 0xff) * TWO_32;
  states.kind[i] = (mixed >>> 8) & 1;
  states.lastT[i] = timeOf(mixed >> 16, page[at + 5]);
  states.lastHigh[i] = page[at + 6];
  states.lastLow[i] = page[at + 7];
  states.metadata[i] = page[at + 8];
  states.exemplarT[i] = timeOf(page[at + 9] >> 16, page[at + 10]);
  states.exemplar[i] = page[at + 11];
  return i;
}

function writeEntry(page: Uint32Array, at: number, states: SeriesStates, i: number): void {
  const ref = states.ref[i];
  for (let word = 0; word < HASH_WORDS; word++) page[at + word] = states.hash[i * HASH_WORDS + word];
  // What is larger than a word is cut to its lower half by the array itself.
  page[at + 3] = ref;
  page[at + 4] = Math.floor(ref / TWO_32) | (states.kind[i] << 8) | (timeHigh(states.lastT[i]) << 16);
  page[at + 5] = timeLow(states.lastT[i]);
  page[at + 6] = states.lastHigh[i];
  page[at + 7] = states.lastLow[i];
  page[at + 8] = states.metadata[i];
  page[at + 9] = timeHigh(states.exemplarT[i]) << 16;
  page[at + 10] = timeLow(states.exemplarT[i]);
  page[at + 11] = states.exemplar[i];
}

function timeOf(high: number, low: number): number {
  return high === NO_SAMPLE_HIGH ? NO_SAMPLE : high * TWO_32 + low;
}

function timeHigh(t: number): number {
  return t === NO_SAMPLE ? NO_SAMPLE_HIGH : Math.floor(t / TWO_32);
}

function timeLow(t: number): number {
  return t === NO_SAMPLE ? 0 : t;
}

/** Words are in the machine's byte order; every platform Node runs on that we support is little-endian. */
function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function readFully(fd: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const n = readSync(fd, into, done, into.length - done, position + done);
    if (n === 0) throw new Error('the table is shorter than its header says');
    done += n;
  }
}

function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
