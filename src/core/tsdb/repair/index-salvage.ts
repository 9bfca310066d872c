/**
 * Reads what can be read of a damaged index: the series entries, each of which has a checksum of its own,
 * are found one behind the other without any of the tables that list them. Their labels are numbers of symbols; where
 * the symbol table is damaged, the table of postings has the same texts. In version 1, whose entries follow each other
 * without gaps, they are places in the symbol table, which nothing can stand in for. docs/format/index.md.
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { crc32c } from '../../encoding/crc32c.ts';
import { type Cursor, MAX_VARINT_BYTES, readUint32, readUvarint } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { compareStrings, Labels } from '../../model/index.ts';
import { HEADER_BYTES, readFrame, SERIES_ALIGNMENT, type TableOfContents } from '../index/format.ts';
import { PagedFile, SeriesEntry } from '../index/index.ts';
import { scanTable } from '../index/postings-table.ts';
import { NumberedSymbols, PlacedSymbols, type Symbols } from '../index/symbols.ts';

export interface SalvagedSeries {
  /** As the tombstones name it. */
  ref: number;
  labels: Labels;
}

/** Entries between two places where others may work. */
const STEP_ENTRIES = 1024;
const CHECKSUM_BYTES = 4;
const VERSION_OFFSET = 4;
/** No series has an entry as long as this. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

export class IndexSalvage {
  /** How what is damaged was made good, for people. */
  readonly notes: string[] = [];
  /** Stretches where a series should be and none can be read. */
  lostSeries = 0;
  /** The chunks of the series that was read last. */
  readonly entry = new SeriesEntry();
  private readonly file: PagedFile;
  private readonly toc: TableOfContents | undefined;
  private readonly symbols: Symbols | undefined;
  /** Entries begin at multiples of this, which the refs of series count. */
  private readonly alignment: number;
  private readonly cursor: Cursor = { pos: 0 };
  private readonly reader = new ByteReader();

  /** Throws what `open` throws. Whoever makes it closes it. */
  constructor(path: string) {
    this.file = new PagedFile(path);
    this.toc = this.attempt(() => readFrame(this.file).toc);
    const symbols = this.toc?.symbols ?? HEADER_BYTES;
    if (this.version === 1) {
      this.alignment = 1;
      this.symbols = this.attempt(() => new PlacedSymbols(this.file, symbols));
    } else {
      this.alignment = SERIES_ALIGNMENT;
      this.symbols =
        this.attempt(() => new NumberedSymbols(this.file, symbols)) ??
        this.attempt(() => this.symbolsOfPostings(symbols));
    }
  }

  /** Finds all series that can be read, in the order of the file. In steps. */
  *series(): Generator<void, SalvagedSeries[]> {
    const found: SalvagedSeries[] = [];
    if (this.symbols === undefined) return found;
    const { start, end } = this.section();
    let isLost = false;
    for (let n = 1, at = start; at < end; n++) {
      if (n % STEP_ENTRIES === 0) yield;
      const labels = this.read(at);
      if (labels === undefined) {
        at += this.alignment;
        // Where the section ends is not known without the table of contents: what follows is no loss.
        if (!isLost && this.toc !== undefined) this.lostSeries++;
        isLost = true;
        continue;
      }
      isLost = false;
      found.push({ ref: at / this.alignment, labels });
      at = this.aligned(this.endOfEntry);
    }
    return found;
  }

  /** Reads the entry of a series that was found; its chunks are then in `entry`. */
  readEntry({ ref }: SalvagedSeries): void {
    this.read(ref * this.alignment);
  }

  close(): void {
    this.file.close();
  }

  private endOfEntry = 0;

  /** What the header says. */
  private get version(): number | undefined {
    return this.attempt(() => this.file.window[this.file.seek(VERSION_OFFSET, 1)]);
  }

  private aligned(offset: number): number {
    return Math.ceil(offset / this.alignment) * this.alignment;
  }

  /** The labels of the series whose entry is at this offset; undefined where there is none that is whole. */
  private read(offset: number): Labels | undefined {
    const { file, cursor, reader, entry } = this;
    const at = file.seekUpTo(offset, MAX_VARINT_BYTES);
    cursor.pos = at;
    const length = readUvarint(file.window, cursor, at + file.available);
    const begin = offset + cursor.pos - at;
    if (!(length > 0 && length <= MAX_ENTRY_BYTES && begin + length + CHECKSUM_BYTES <= file.size)) return;
    const start = file.seek(begin, length + CHECKSUM_BYTES);
    const end = start + length;
    if (crc32c(file.window, start, end) !== readUint32(file.window, end)) return;
    this.endOfEntry = begin + length + CHECKSUM_BYTES;
    reader.reset(file.window, start, end);
    try {
      entry.read(reader);
      return this.labels();
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      return undefined;
    }
  }

  /** Of the entry; undefined where they cannot be. */
  private labels(): Labels | undefined {
    const { entry } = this;
    const symbols = this.symbols!;
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i < entry.labelCount * 2; i += 2) {
      names.push(symbols.get(entry.symbols[i]));
      values.push(symbols.get(entry.symbols[i + 1]));
      const last = names.length - 1;
      if (last > 0 && compareStrings(names[last - 1], names[last]) >= 0) return undefined;
    }
    return names.length === 0 ? undefined : new Labels(names, values);
  }

  /** Where the series are, as far as that is known. */
  private section(): { start: number; end: number } {
    const { toc, file } = this;
    if (toc !== undefined) {
      const others = [toc.labelIndices, toc.labelOffsetTable, toc.postings, toc.postingsOffsetTable];
      const end = Math.min(file.size, ...others.filter((offset) => offset > toc.series));
      return { start: this.aligned(toc.series), end };
    }
    const at = file.seek(HEADER_BYTES, 4);
    const symbolBytes = readUint32(file.window, at);
    return { start: this.aligned(HEADER_BYTES + 4 + symbolBytes + CHECKSUM_BYTES), end: file.size };
  }

  /** The texts of all labels are the symbols, sorted. Throws CorruptionError where they are not as many as there were. */
  private symbolsOfPostings(offset: number): Symbols {
    if (this.toc === undefined) throw new CorruptionError('has nothing else that tells its labels');
    const texts = new Set<string>(['']);
    scanTable(this.file, this.toc.postingsOffsetTable, (name, value) => {
      texts.add(name);
      texts.add(value);
    });
    const at = this.file.seek(offset + 4, 4);
    const count = readUint32(this.file.window, at);
    // Only the entry of all series has the empty text, which is a symbol where some writer made it one.
    if (texts.size === count + 1) texts.delete('');
    if (texts.size !== count) {
      const reason = `has ${texts.size} label texts in its table of postings, for ${count} symbols`;
      throw new CorruptionError(reason);
    }
    const sorted = [...texts].sort(compareStrings);
    this.notes.push('the symbols of the index are taken from the table of postings');
    return {
      get(symbol) {
        if (symbol >= sorted.length) throw new CorruptionError(`refers to symbol ${symbol}`);
        return sorted[symbol];
      },
    };
  }

  /** Undefined where it is damaged. */
  private attempt<T>(part: () => T): T | undefined {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      return undefined;
    }
  }
}
