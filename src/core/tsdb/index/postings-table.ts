/**
 * The postings offset table of an index: for each label the place of its postings, sorted by name and value. Of each
 * name only every 32nd value is held in memory, with its place in the table; a lookup reads the entries in between.
 * docs/format/index.md.
 */
import { utf8Text } from '../../encoding/byte-reader.ts';
import { type Cursor, readUint32, readUvarint } from '../../encoding/varint.ts';
import { compareStrings } from '../../model/index.ts';
import { EntryScanner } from './entry-scanner.ts';
import { damaged, scanSection } from './format.ts';
import type { PagedFile } from './paged-file.ts';
import { endOfString } from './symbols.ts';

const STRIDE = 32;
/** Enough for the entries of one stride, usually. */
const LOOKUP_BYTES = 2048;

export interface PostingsTable {
  /** Sorted; without the empty name that stands for all series. */
  names(): string[];
  /** Offset of a label's postings in the file, or -1. */
  find(name: string, value: string): number;
  /** How many values a name has, to the next multiple of 32. */
  valueCount(name: string): number;
  /** Calls `each` with the values of `name` that start with `prefix`, in order, until it returns false. */
  each(name: string, prefix: string, each: (value: string, offset: number) => boolean | undefined): void;
}

/** Values of one name: some of them, and where in the table each of these entries starts. */
interface Range {
  values: string[];
  places: number[];
  /** Where the entries of the name end. */
  end: number;
}

export class SparsePostingsTable implements PostingsTable {
  private readonly file: PagedFile;
  private readonly ranges = new Map<string, Range>();
  private readonly cursor: Cursor = { pos: 0 };

  /** Reads the table through once. */
  constructor(file: PagedFile, offset: number) {
    this.file = file;
    let name: string | undefined;
    let range: Range | undefined;
    let nth = 0;
    // The last value is where it was read, unless the next piece of the file is there now.
    let lastBytes: Uint8Array | undefined;
    let lastStart = 0;
    let lastEnd = 0;
    eachEntry(file, offset, (entryName, bytes, { valueStart, valueEnd }, place, end) => {
      if (entryName !== name) {
        name = entryName;
        if (this.ranges.has(name))
          throw damaged(file, place, `has label ${name} twice in its postings table`);
        range = { values: [], places: [], end };
        this.ranges.set(name, range);
        nth = 0;
      } else if (
        bytes === lastBytes &&
        valueStart > lastEnd &&
        !isBefore(bytes, lastStart, lastEnd, valueStart, valueEnd)
      ) {
        const value = utf8Text(bytes, valueStart, valueEnd);
        throw damaged(file, place, `has a postings table that is not sorted at ${name}=${value}`);
      }
      lastBytes = bytes;
      lastStart = valueStart;
      lastEnd = valueEnd;
      // Values are made texts only where they are kept.
      if (nth++ % STRIDE === 0) {
        range!.values.push(utf8Text(bytes, valueStart, valueEnd));
        range!.places.push(place);
      }
      range!.end = end;
    });
  }

  names(): string[] {
    return [...this.ranges.keys()].filter((name) => name !== '').sort(compareStrings);
  }

  valueCount(name: string): number {
    return (this.ranges.get(name)?.values.length ?? 0) * STRIDE;
  }

  find(name: string, value: string): number {
    const range = this.ranges.get(name);
    if (range === undefined) return -1;
    const at = floor(range.values, value);
    if (at < 0) return -1;
    let found = -1;
    this.walk(range, at, (candidate, offset) => {
      const order = compareStrings(candidate, value);
      if (order === 0) found = offset;
      return order < 0;
    });
    return found;
  }

  each(name: string, prefix: string, each: (value: string, offset: number) => boolean | undefined): void {
    const range = this.ranges.get(name);
    if (range === undefined) return;
    const from = prefix === '' ? 0 : Math.max(0, floor(range.values, prefix));
    this.walk(range, from, (value, offset) => {
      if (prefix !== '' && !value.startsWith(prefix)) return compareStrings(value, prefix) < 0;
      return each(value, offset) !== false;
    });
  }

  /** Calls `each` with the entries of `range` from its `stride`th sample on, until it returns false. */
  private walk(range: Range, stride: number, each: (value: string, offset: number) => boolean): void {
    const { file, cursor } = this;
    let place = range.places[stride];
    let room = LOOKUP_BYTES;
    while (place < range.end) {
      const start = file.seekUpTo(place, Math.min(room, range.end - place));
      const bytes = file.window;
      const end = start + file.available;
      let pos = start;
      while (pos < end) {
        const entry = entryEnd(bytes, pos, end, cursor);
        if (entry < 0) break;
        const value = utf8Text(bytes, parsed.valueStart, parsed.valueEnd);
        // `each` may read other pages, but these bytes stay as they are.
        if (!each(value, parsed.offset)) return;
        pos = entry;
      }
      // A value that is longer than what was read: more of it the next time.
      if (pos === start) room *= 2;
      place += pos - start;
      if (pos === start && room > range.end - place + LOOKUP_BYTES * 4) {
        throw damaged(file, place, 'has a postings table entry that does not end');
      }
    }
  }
}

/** Of version 1, whose table need not be sorted: all of it in memory. */
export class WholePostingsTable implements PostingsTable {
  private readonly entries = new Map<string, Map<string, number>>();

  constructor(file: PagedFile, offset: number) {
    scanTable(file, offset, (name, value, postings) => {
      let values = this.entries.get(name);
      if (values === undefined) this.entries.set(name, (values = new Map()));
      values.set(value, postings);
    });
    for (const [name, values] of this.entries) {
      this.entries.set(name, new Map([...values].sort((a, b) => compareStrings(a[0], b[0]))));
    }
  }

  names(): string[] {
    return [...this.entries.keys()].filter((name) => name !== '').sort(compareStrings);
  }

  valueCount(name: string): number {
    return this.entries.get(name)?.size ?? 0;
  }

  find(name: string, value: string): number {
    return this.entries.get(name)?.get(value) ?? -1;
  }

  each(name: string, prefix: string, each: (value: string, offset: number) => boolean | undefined): void {
    for (const [value, offset] of this.entries.get(name) ?? []) {
      if (value.startsWith(prefix) && each(value, offset) === false) return;
    }
  }
}

/** Calls `each` with every entry of the table at `offset`. */
export function scanTable(
  file: PagedFile,
  offset: number,
  each: (name: string, value: string, postings: number) => void,
): void {
  eachEntry(file, offset, (name, bytes, { valueStart, valueEnd, offset: postings }) => {
    each(name, utf8Text(bytes, valueStart, valueEnd), postings);
  });
}

/**
 * The same without making texts of values, which are where `parsed` says: that is valid during the call alone, as
 * `bytes` are, unless they are those of the next call too. Last comes where the entry starts and ends in the file.
 */
function eachEntry(
  file: PagedFile,
  offset: number,
  each: (name: string, bytes: Uint8Array, entry: typeof parsed, place: number, end: number) => void,
): void {
  const cursor: Cursor = { pos: 0 };
  let declared = -1;
  let seen = 0;
  let place = offset + 8;
  let name = '';
  let nameBytes = new Uint8Array(0);
  const scanner = new EntryScanner((bytes, pos, end) => {
    if (declared < 0) {
      if (end - pos < 4) return -1;
      declared = readUint32(bytes, pos);
      return pos + 4;
    }
    const next = entryEnd(bytes, pos, end, cursor);
    if (next === NOT_AN_ENTRY)
      throw damaged(file, place, 'has a postings table entry that is not a name and a value');
    if (next < 0) return -1;
    // Names repeat for as long as their values go on.
    if (!sameBytes(nameBytes, bytes, parsed.nameStart, parsed.nameEnd)) {
      nameBytes = bytes.slice(parsed.nameStart, parsed.nameEnd);
      name = utf8Text(bytes, parsed.nameStart, parsed.nameEnd);
    }
    each(name, bytes, parsed, place, place + next - pos);
    seen++;
    place += next - pos;
    return next;
  });
  scanSection(file, offset, 'postings table', (piece, start, end) => scanner.feed(piece, start, end));
  if (seen !== declared || scanner.unread > 0) {
    throw damaged(file, offset, `has a postings table of ${seen} entries that says it has ${declared}`);
  }
}

const NOT_AN_ENTRY = -2;
const parsed = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0, offset: 0 };

/** Takes the entry at `pos` apart into `parsed`; returns where it ends, -1 if `last` comes before that. */
function entryEnd(bytes: Uint8Array, pos: number, last: number, cursor: Cursor): number {
  if (pos >= last) return -1;
  // The number of strings in the key, always two.
  if (bytes[pos] !== 2) return NOT_AN_ENTRY;
  parsed.nameEnd = endOfString(bytes, pos + 1, last, cursor);
  if (parsed.nameEnd < 0) return -1;
  parsed.nameStart = cursor.pos;
  parsed.valueEnd = endOfString(bytes, parsed.nameEnd, last, cursor);
  if (parsed.valueEnd < 0) return -1;
  parsed.valueStart = cursor.pos;
  cursor.pos = parsed.valueEnd;
  parsed.offset = readUvarint(bytes, cursor, last);
  if (Number.isNaN(parsed.offset)) return -1;
  return cursor.pos;
}

/** Index of the last of the sorted values that is not greater than `value`, or -1. */
function floor(values: readonly string[], value: string): number {
  let low = -1;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (compareStrings(values[middle], value) <= 0) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether one text comes before another in UTF-8, of which the order is that of code points. */
function isBefore(bytes: Uint8Array, aStart: number, aEnd: number, bStart: number, bEnd: number): boolean {
  const n = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < n; i++) {
    const difference = bytes[aStart + i] - bytes[bStart + i];
    if (difference !== 0) return difference < 0;
  }
  return aEnd - aStart < bEnd - bStart;
}

function sameBytes(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}
