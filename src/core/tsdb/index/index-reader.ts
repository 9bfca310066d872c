/**
 * Reads the index of a block, format versions 1 and 2, without holding it: the tables of labels are read through
 * once (when first needed) and kept in part, everything else is read where it is looked for.
 * docs/format/index.md.
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { crc32c } from '../../encoding/crc32c.ts';
import { type Cursor, MAX_VARINT_BYTES, readUint32, readUvarint } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { Labels } from '../../model/index.ts';
import type { ChunkMetas } from './chunk-metas.ts';
import { damaged, readFrame, SERIES_ALIGNMENT, sectionBounds, type TableOfContents } from './format.ts';
import { PageCache, PagedFile } from './paged-file.ts';
import { NO_POSTINGS } from './postings.ts';
import { type PostingsTable, SparsePostingsTable, WholePostingsTable } from './postings-table.ts';
import type { LabelIndex } from './select.ts';
import { type CachedSeries, SeriesCache, type SeriesShelf } from './series-cache.ts';
import { readChunkMetas, type SeriesEntry } from './series-entry.ts';
import { NumberedSymbols, PlacedSymbols, type Symbols } from './symbols.ts';

export class IndexReader implements LabelIndex {
  readonly version: number;
  readonly toc: TableOfContents;
  private readonly file: PagedFile;
  private symbolTable: Symbols | null = null;
  private postingsTable: PostingsTable | null = null;
  private readonly entry = new ByteReader();
  private readonly cursor: Cursor = { pos: 0 };
  /** The label names of the series that was read last, as symbols and as they are. */
  private lastSymbols: readonly number[] = [];
  private lastNames: readonly string[] = [];
  private readonly seriesCache: SeriesCache;
  private readonly shelf: SeriesShelf;

  /** Throws CorruptionError if header or table of contents are damaged, and what `open` throws. */
  constructor(path: string, pages = new PageCache(), seriesCache = new SeriesCache()) {
    this.file = new PagedFile(path, pages);
    try {
      const { version, toc } = readFrame(this.file);
      this.version = version;
      this.toc = toc;
    } catch (error) {
      this.file.close();
      throw error;
    }
    this.seriesCache = seriesCache;
    this.shelf = seriesCache.shelf();
  }

  get path(): string {
    return this.file.path;
  }

  get sizeBytes(): number {
    return this.file.size;
  }

  /** Bytes read from the file so far. */
  get bytesRead(): number {
    return this.file.bytesRead;
  }

  close(): void {
    this.seriesCache.remove(this.shelf);
    this.file.close();
  }

  allPostings(): Uint32Array {
    return this.postings('', '');
  }

  postings(name: string, value: string): Uint32Array {
    const offset = this.table().find(name, value);
    return offset < 0 ? NO_POSTINGS : this.postingsAt(offset);
  }

  postingsWhere(name: string, prefix: string, keep: (value: string) => boolean): Uint32Array[] {
    const offsets: number[] = [];
    this.table().each(name, prefix, (value, offset) => {
      if (keep(value)) offsets.push(offset);
      return true;
    });
    return offsets.map((offset) => this.postingsAt(offset));
  }

  /** The list of postings at this offset of the file. Throws CorruptionError. */
  postingsAt(offset: number): Uint32Array {
    const { file } = this;
    const { start, end } = sectionBounds(file, offset, 'list of postings');
    const at = file.seek(start, end - start + 4);
    const bytes = file.window;
    const last = at + end - start;
    const count = last - at < 4 ? 0 : readUint32(bytes, at);
    if (last - at !== 4 + 4 * count) {
      throw damaged(file, offset, `has a list of ${count} postings in ${last - at} bytes`);
    }
    if (crc32c(bytes, at, last) !== readUint32(bytes, last)) {
      throw damaged(file, offset, 'has a damaged list of postings (checksum)');
    }
    const out = new Uint32Array(count);
    for (let i = 0, pos = at + 4; i < count; i++, pos += 4) {
      out[i] = (bytes[pos] << 24) | (bytes[pos + 1] << 16) | (bytes[pos + 2] << 8) | bytes[pos + 3];
    }
    return out;
  }

  labelNames(): string[] {
    return this.table().names();
  }

  labelValues(name: string): string[] {
    const values: string[] = [];
    this.table().each(name, '', (value) => {
      values.push(value);
      return true;
    });
    return values;
  }

  labelNamesOf(refs: Uint32Array): Set<string> {
    const seen = new Set<number>();
    this.eachLabel(refs, (name) => seen.add(name));
    return new Set([...seen].map((symbol) => this.symbols().get(symbol)));
  }

  labelValuesOf(refs: Uint32Array, name: string): Set<string> {
    const seen = new Set<number>();
    const symbols = this.symbols();
    let wanted = -1;
    this.eachLabel(refs, (candidate, value) => {
      if (wanted < 0 && symbols.get(candidate) === name) wanted = candidate;
      if (candidate === wanted) seen.add(value);
    });
    return new Set([...seen].map((symbol) => symbols.get(symbol)));
  }

  valueCount(name: string): number {
    return this.table().valueCount(name);
  }

  filter(refs: Uint32Array, name: string, keep: (value: string) => boolean): Uint32Array {
    const symbols = this.symbols();
    const known = new Map<number, boolean>();
    const keepEmpty = keep('');
    const out = new Uint32Array(refs.length);
    let n = 0;
    let wanted = -1;
    for (let i = 0; i < refs.length; i++) {
      let kept = keepEmpty;
      this.eachLabel(refs.subarray(i, i + 1), (candidate, value) => {
        if (wanted < 0 && symbols.get(candidate) === name) wanted = candidate;
        if (candidate !== wanted) return;
        kept = known.get(value) ?? keep(symbols.get(value));
        known.set(value, kept);
      });
      if (kept) out[n++] = refs[i];
    }
    return out.slice(0, n);
  }

  /** The labels of a series. Throws CorruptionError. */
  labels(ref: number): Labels {
    const known = this.shelf.get(ref);
    if (known?.labels) return known.labels;
    const r = this.openEntry(ref);
    const labels = this.reading(ref, () => this.readLabels(r, this.symbols()));
    const series = known ?? this.reading(ref, () => this.readChunks(ref, r));
    series.labels = labels;
    return labels;
  }

  /** Appends to `out` the chunks of a series that have samples in [mint, maxt] (ms). Throws CorruptionError. */
  chunks(ref: number, mint: number, maxt: number, out: ChunkMetas): void {
    this.series(ref).chunks(mint, maxt, out);
  }

  /** What is known of a series: its chunks, and its labels only where they were asked for. Throws CorruptionError. */
  series(ref: number): CachedSeries {
    const known = this.shelf.get(ref);
    if (known !== undefined) return known;
    const r = this.openEntry(ref);
    return this.reading(ref, () => {
      skipLabels(r);
      return this.readChunks(ref, r);
    });
  }

  /** Reads the entry of a series as it stands. Throws CorruptionError. */
  readEntry(ref: number, into: SeriesEntry): void {
    const r = this.openEntry(ref);
    this.reading(ref, () => into.read(r));
  }

  /** The string with this number. Throws CorruptionError if there is none. */
  symbol(symbol: number): string {
    return this.symbols().get(symbol);
  }

  /** Reads the first half of a series entry. */
  private readLabels(r: ByteReader, symbols: Symbols): Labels {
    const count = r.count(2);
    const values = new Array<string>(count);
    const start = r.pos;
    // Neighbours mostly have the same names, and then share their list.
    let isShared = count === this.lastSymbols.length;
    for (let i = 0; i < count; i++) {
      if (r.uvarint() !== this.lastSymbols[i]) isShared = false;
      values[i] = symbols.get(r.uvarint());
    }
    if (!isShared) {
      r.pos = start;
      const names = Array.from({ length: count }, () => {
        const name = r.uvarint();
        r.uvarint();
        return name;
      });
      this.lastNames = names.map((name) => symbols.get(name));
      this.lastSymbols = names;
    }
    return new Labels(this.lastNames, values);
  }

  /** Reads the second half of a series entry. */
  private readChunks(ref: number, r: ByteReader): CachedSeries {
    const count = r.count(3);
    return this.shelf.add(ref, count, (slab, from) => readChunkMetas(r, count, slab, from));
  }

  private symbols(): Symbols {
    if (this.symbolTable === null) {
      this.symbolTable =
        this.version === 1
          ? new PlacedSymbols(this.file, this.toc.symbols)
          : new NumberedSymbols(this.file, this.toc.symbols);
    }
    return this.symbolTable;
  }

  private table(): PostingsTable {
    if (this.postingsTable === null) {
      this.postingsTable =
        this.version === 1
          ? new WholePostingsTable(this.file, this.toc.postingsOffsetTable)
          : new SparsePostingsTable(this.file, this.toc.postingsOffsetTable);
    }
    return this.postingsTable;
  }

  /** The content of a series entry, its checksum checked. Valid until the next one is opened. */
  private openEntry(ref: number): ByteReader {
    const { file, cursor } = this;
    const offset = this.offsetOf(ref);
    const at = file.seekUpTo(offset, MAX_VARINT_BYTES);
    cursor.pos = at;
    const length = readUvarint(file.window, cursor, at + file.available);
    if (Number.isNaN(length)) throw damaged(file, offset, 'has no series where one is referred to');
    const start = file.seek(offset + cursor.pos - at, length + 4);
    const bytes = file.window;
    const end = start + length;
    if (crc32c(bytes, start, end) !== readUint32(bytes, end)) {
      throw damaged(file, offset, 'has a damaged series (checksum)');
    }
    this.entry.reset(bytes, start, end);
    return this.entry;
  }

  private eachLabel(refs: Uint32Array, each: (name: number, value: number) => void): void {
    for (let i = 0; i < refs.length; i++) {
      const r = this.openEntry(refs[i]);
      this.reading(refs[i], () => {
        for (let n = r.count(2); n > 0; n--) each(r.uvarint(), r.uvarint());
      });
    }
  }

  private offsetOf(ref: number): number {
    return this.version === 1 ? ref : ref * SERIES_ALIGNMENT;
  }

  /** Runs a reader of the entry, and says of a fault where it was. */
  private reading<T>(ref: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      throw error.in({ file: this.path, offset: this.offsetOf(ref) });
    }
  }
}

function skipLabels(r: ByteReader): void {
  for (let n = r.count(2) * 2; n > 0; n--) r.uvarint();
}
