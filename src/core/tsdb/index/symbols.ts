/**
 * The symbol table of an index: all label names and values, sorted, named by their number. Only the place of every
 * 32nd is held in memory, and a bounded number of strings that were asked for. docs/format/index.md.
 */
import { utf8Text } from '../../encoding/byte-reader.ts';
import { type Cursor, readUint32, readUvarint } from '../../encoding/varint.ts';
import { EntryScanner } from './entry-scanner.ts';
import { damaged, scanSection, sectionBounds } from './format.ts';
import type { PagedFile } from './paged-file.ts';

const STRIDE = 32;
const MAX_CACHED = 1 << 16;

export interface Symbols {
  /** The string with this number (version 1: at this offset). Throws CorruptionError if there is none. */
  get(symbol: number): string;
}

/** Of version 2, where symbols are numbered. */
export class NumberedSymbols implements Symbols {
  readonly count: number;
  private readonly file: PagedFile;
  private readonly section: number;
  private readonly end: number;
  /** Offset in the section of symbols 0, 32, 64, … */
  private readonly places: Uint32Array;
  /** A string may only be in the slot of its number's last bits. */
  private readonly strings: (string | undefined)[];
  private readonly owners: Uint32Array;
  private readonly mask: number;
  private readonly cursor: Cursor = { pos: 0 };

  /** Reads the table through once. */
  constructor(file: PagedFile, offset: number) {
    this.file = file;
    this.section = offset + 4;
    this.end = sectionBounds(file, offset, 'symbol table').end;
    const places: number[] = [];
    let seen = 0;
    eachSymbol(file, offset, (_bytes, _start, _end, place) => {
      if (seen++ % STRIDE === 0) places.push(place);
    });
    this.count = seen;
    this.places = Uint32Array.from(places);
    const slots = Math.min(MAX_CACHED, 2 ** Math.ceil(Math.log2(Math.max(seen, 1))));
    this.strings = new Array<string | undefined>(slots).fill(undefined);
    this.owners = new Uint32Array(slots);
    this.mask = slots - 1;
  }

  get(symbol: number): string {
    const slot = symbol & this.mask;
    const cached = this.strings[slot];
    if (cached !== undefined && this.owners[slot] === symbol) return cached;
    const text = this.read(symbol);
    this.strings[slot] = text;
    this.owners[slot] = symbol;
    return text;
  }

  private read(symbol: number): string {
    if (!(symbol < this.count)) {
      throw damaged(this.file, this.section, `refers to symbol ${symbol} of ${this.count}`);
    }
    const block = Math.floor(symbol / STRIDE);
    const from = this.section + this.places[block];
    const to = block + 1 < this.places.length ? this.section + this.places[block + 1] : this.end;
    let pos = this.file.seek(from, to - from);
    const bytes = this.file.window;
    const end = pos + to - from;
    for (let skip = symbol % STRIDE; skip > 0; skip--) pos = endOfString(bytes, pos, end, this.cursor);
    const next = endOfString(bytes, pos, end, this.cursor);
    return utf8Text(bytes, this.cursor.pos, next);
  }
}

/** Of version 1, where a symbol is named by its offset in the file. */
export class PlacedSymbols implements Symbols {
  private readonly file: PagedFile;
  private readonly cursor: Cursor = { pos: 0 };

  /** Reads the table through once, for its checksum. */
  constructor(file: PagedFile, offset: number) {
    this.file = file;
    scanSection(file, offset, 'symbol table', () => {});
  }

  get(symbol: number): string {
    const head = this.file.seekUpTo(symbol, 10);
    this.cursor.pos = head;
    const length = readUvarint(this.file.window, this.cursor, head + this.file.available);
    if (Number.isNaN(length)) throw damaged(this.file, symbol, 'refers to a symbol where none is');
    const prefix = this.cursor.pos - head;
    const at = this.file.seek(symbol + prefix, length);
    return utf8Text(this.file.window, at, at + length);
  }
}

/**
 * Calls `each` with every symbol of a version 2 table, in order: its text is [start, end) of the bytes, and `place`
 * is where its entry starts in the section. Throws CorruptionError.
 */
export function eachSymbol(
  file: PagedFile,
  offset: number,
  each: (bytes: Uint8Array, start: number, end: number, place: number) => void,
): void {
  const cursor: Cursor = { pos: 0 };
  let declared = -1;
  let seen = 0;
  let place = 4;
  const scanner = new EntryScanner((bytes, pos, end) => {
    if (declared < 0) {
      if (end - pos < 4) return -1;
      declared = readUint32(bytes, pos);
      return pos + 4;
    }
    const next = endOfString(bytes, pos, end, cursor);
    if (next < 0) return -1;
    each(bytes, cursor.pos, next, place);
    seen++;
    place += next - pos;
    return next;
  });
  scanSection(file, offset, 'symbol table', (piece, start, end) => scanner.feed(piece, start, end));
  if (seen !== declared || scanner.unread > 0) {
    throw damaged(file, offset, `has a symbol table of ${seen} symbols that says it has ${declared}`);
  }
}

/** Where the string at `pos` ends, or -1 if `last` comes before; `cursor.pos` is where its text starts. */
export function endOfString(bytes: Uint8Array, pos: number, last: number, cursor: Cursor): number {
  cursor.pos = pos;
  const length = readUvarint(bytes, cursor, last);
  if (!(cursor.pos + length <= last)) return -1;
  return cursor.pos + length;
}
