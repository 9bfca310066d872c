/**
 * Writes an index, format version 2, byte for byte as Prometheus 3.5 does. docs/format/index.md.
 *
 * The format wants all symbols before the first series, but series come one by one. So each is first spilled to a
 * file beside the index, with numbers in place of its labels, and the index is written when all are there. In memory
 * are the distinct strings and label pairs, four bytes a series, and a bounded part of the postings; the samples'
 * number does not matter, and the spill is read once more for each 64 MiB of postings.
 */
import { unlinkSync } from 'node:fs';
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { readUint32 } from '../../encoding/varint.ts';
import type { Labels } from '../../model/index.ts';
import type { ChunkMetas } from './chunk-metas.ts';
import { INDEX_MAGIC, SERIES_ALIGNMENT } from './format.ts';
import { LabelPairs, type SortedPairs } from './label-pairs.ts';
import { PageCache, PagedFile } from './paged-file.ts';
import { SequentialFile } from './sequential-file.ts';
import { writeChunkMetas } from './series-entry.ts';

const VERSION = 2;
/** Postings held at a time, four bytes each. */
const MAX_POSTINGS = 16 * 1024 * 1024;
/** Series between two places where others may work. */
const STEP = 4096;
/** Version 2 names a series by a 32-bit number, its offset by 16. */
const MAX_SERIES_OFFSET = 2 ** 32 * SERIES_ALIGNMENT;

export class IndexWriter {
  private readonly path: string;
  private readonly labelPairs = new LabelPairs();
  private readonly spill: SequentialFile;
  private readonly record = new ByteWriter();
  private series = 0;
  private last: Labels | null = null;
  private closed = false;

  /** Writes `path` and, until `finish`, `path` with `.spill` behind it; neither may exist. */
  constructor(path: string) {
    this.path = path;
    this.spill = new SequentialFile(`${path}.spill`);
  }

  /** Adds a series with its chunks in time order. Series must come in the order of their labels. */
  add(labels: Labels, chunks: ChunkMetas): void {
    if (this.last !== null && this.last.compare(labels) >= 0) {
      throw new RangeError(`series ${labels} does not come after ${this.last}`);
    }
    this.last = labels;
    const { record, spill } = this;
    record.clear();
    const pairs = this.labelPairs.add(labels);
    record.uvarint(pairs.length);
    for (let i = 0; i < pairs.length; i++) record.uvarint(pairs[i]);
    writeChunkMetas(record, chunks);
    spill.buffer.uint32(record.length);
    spill.buffer.copy(record.bytes, 0, record.length);
    this.spill.flushIfFull();
    this.series++;
  }

  /** Writes the index, and returns when it is on disk. */
  finish(): void {
    for (const _ of this.finishing());
  }

  /**
   * The same in steps of some milliseconds, between which others may work; it may be ended early. What need not be
   * durable yet is not waited for.
   */
  *finishing(durable = true): Generator<void, void> {
    const file = new SequentialFile(this.path);
    let done = false;
    try {
      // Nobody needs it after a crash, so it is not waited for.
      this.spill.flush();
      this.spill.abandon();
      this.closed = true;
      yield* new IndexPass(file, this.spill.path, this.series, this.labelPairs).run();
      file.finish(durable);
      done = true;
    } finally {
      if (!done) file.abandon();
      unlinkSync(this.spill.path);
    }
  }

  /** Gives up; what was written so far stays for the caller to remove. */
  abandon(): void {
    if (!this.closed) this.spill.abandon();
    this.closed = true;
  }
}

/** The writing of the index proper, section by section. */
class IndexPass {
  private readonly file: SequentialFile;
  private readonly spillPath: string;
  private readonly labelPairs: LabelPairs;
  private readonly sorted: SortedPairs;
  /** The number of each series, in order. */
  private readonly refs: Uint32Array;

  constructor(file: SequentialFile, spillPath: string, series: number, labelPairs: LabelPairs) {
    this.file = file;
    this.spillPath = spillPath;
    this.labelPairs = labelPairs;
    this.sorted = labelPairs.sorted();
    this.refs = new Uint32Array(series);
  }

  *run(): Generator<void, void> {
    const { file } = this;
    file.buffer.uint32(INDEX_MAGIC);
    file.buffer.byte(VERSION);
    const toc: number[] = [file.position];
    this.writeSymbols();
    yield;
    toc.push(file.position);
    yield* this.writeSeries();
    toc.push(file.position);
    const labelIndices = this.writeLabelIndices();
    yield;
    file.pad(4);
    const postingsStart = file.position;
    yield* this.writePostings();
    toc.push(file.position, postingsStart);
    this.writeLabelOffsetTable(labelIndices);
    toc.push(file.position);
    this.writePostingsOffsetTable(postingsStart);
    file.startChecksum();
    for (const offset of toc) file.buffer.int64(offset);
    file.writeChecksum();
  }

  private writeSymbols(): void {
    const { file } = this;
    this.section(() => {
      file.buffer.uint32(this.sorted.symbols.length);
      for (const symbol of this.sorted.symbols) {
        file.buffer.string(symbol);
        file.flushIfFull();
      }
    });
  }

  private *writeSeries(): Generator<void, void> {
    const { file, refs } = this;
    const { nameSymbols, valueSymbols } = this.sorted;
    const entry = new ByteWriter();
    let i = 0;
    for (const { pairs, count, rest } of this.spilled()) {
      file.pad(SERIES_ALIGNMENT);
      if (file.position >= MAX_SERIES_OFFSET) throw new RangeError('more series than an index can have');
      refs[i++] = file.position / SERIES_ALIGNMENT;
      entry.clear();
      entry.uvarint(count);
      for (let k = 0; k < count; k++) {
        entry.uvarint(nameSymbols[pairs[k]]);
        entry.uvarint(valueSymbols[pairs[k]]);
      }
      entry.copy(rest.bytes, rest.pos, rest.end);
      file.buffer.uvarint(entry.length);
      file.startChecksum();
      file.buffer.copy(entry.bytes, 0, entry.length);
      file.writeChecksum();
      file.flushIfFull();
      if (i % STEP === 0) yield;
    }
  }

  /** The values of each name: not read by anybody any more, but still written. Returns their names and offsets. */
  private writeLabelIndices(): { name: number; offset: number }[] {
    const { file } = this;
    const { pairs, nameSymbols, valueSymbols } = this.sorted;
    const written: { name: number; offset: number }[] = [];
    for (let from = 0, to = 0; from < pairs.length; from = to) {
      const name = nameSymbols[pairs[from]];
      while (to < pairs.length && nameSymbols[pairs[to]] === name) to++;
      file.pad(4);
      written.push({ name, offset: file.position });
      this.section(
        () => {
          file.buffer.uint32(1);
          file.buffer.uint32(to - from);
          for (let i = from; i < to; i++) {
            file.buffer.uint32(valueSymbols[pairs[i]]);
            file.flushIfFull();
          }
        },
        8 + 4 * (to - from),
      );
    }
    return written;
  }

  private writeLabelOffsetTable(entries: readonly { name: number; offset: number }[]): void {
    const { file } = this;
    this.section(() => {
      file.buffer.uint32(entries.length);
      for (const { name, offset } of entries) {
        file.buffer.byte(1);
        file.buffer.string(this.sorted.symbols[name]);
        file.buffer.uvarint(offset);
      }
    });
  }

  private *writePostings(): Generator<void, void> {
    const { pairs } = this.sorted;
    this.writePostingsList(this.refs);
    for (let from = 0, to = 0; from < pairs.length; from = to) {
      let size = 0;
      while (
        to < pairs.length &&
        (to === from || size + this.labelPairs.countOf(pairs[to]) <= MAX_POSTINGS)
      ) {
        size += this.labelPairs.countOf(pairs[to++]);
      }
      yield* this.writePostingsOf(pairs.subarray(from, to), size);
    }
  }

  /** Collects the postings of some pairs, `size` in all, in one pass over the spill. */
  private *writePostingsOf(some: Uint32Array, size: number): Generator<void, void> {
    const collected = new Uint32Array(size);
    // Where the next series of each pair goes; -1 for the pairs that are not wanted.
    const next = new Int32Array(this.labelPairs.length).fill(-1);
    let start = 0;
    for (const pair of some) {
      next[pair] = start;
      start += this.labelPairs.countOf(pair);
    }
    let i = 0;
    for (const { pairs, count } of this.spilled()) {
      for (let k = 0; k < count; k++) {
        const at = next[pairs[k]];
        if (at < 0) continue;
        collected[at] = this.refs[i];
        next[pairs[k]] = at + 1;
      }
      if (++i % STEP === 0) yield;
    }
    start = 0;
    for (const pair of some) {
      const end = start + this.labelPairs.countOf(pair);
      this.writePostingsList(collected.subarray(start, end));
      start = end;
    }
  }

  private writePostingsList(refs: Uint32Array): void {
    const { file } = this;
    this.section(
      () => {
        file.buffer.uint32(refs.length);
        for (let i = 0; i < refs.length; i++) {
          file.buffer.uint32(refs[i]);
          if ((i & 0xffff) === 0xffff) file.flushIfFull();
        }
      },
      4 + 4 * refs.length,
    );
    file.flushIfFull();
  }

  private writePostingsOffsetTable(postingsStart: number): void {
    const { file } = this;
    const { symbols, pairs, nameSymbols, valueSymbols } = this.sorted;
    this.section(() => {
      let offset = postingsStart;
      const entry = (name: string, value: string, count: number) => {
        file.buffer.byte(2);
        file.buffer.string(name);
        file.buffer.string(value);
        file.buffer.uvarint(offset);
        file.flushIfFull();
        offset += 12 + 4 * count;
      };
      file.buffer.uint32(pairs.length + 1);
      entry('', '', this.refs.length);
      for (const pair of pairs) {
        entry(symbols[nameSymbols[pair]], symbols[valueSymbols[pair]], this.labelPairs.countOf(pair));
      }
    });
  }

  /** Writes length, content and checksum. A length that is not known before is filled in afterwards. */
  private section(write: () => void, length?: number): void {
    const { file } = this;
    const at = file.position;
    file.buffer.uint32(length ?? 0);
    file.startChecksum();
    write();
    const written = file.position - at - 4;
    if (written >= 2 ** 32) throw new RangeError('a section of the index becomes larger than 4 GiB');
    file.writeChecksum();
    if (length === undefined) file.patchUint32(at, written);
  }

  /** Every series' pairs, and the part of its entry on chunks. The object is reused. */
  private *spilled(): Generator<SpilledSeries, void> {
    const spill = new PagedFile(this.spillPath, new PageCache(0));
    const series: SpilledSeries = { pairs: new Uint32Array(64), count: 0, rest: new ByteReader() };
    const r = series.rest;
    let at = 0;
    try {
      for (let i = 0; i < this.refs.length; i++) {
        const head = spill.seek(at, 4);
        const length = readUint32(spill.window, head);
        const start = spill.seek(at + 4, length);
        r.reset(spill.window, start, start + length);
        series.count = r.uvarint();
        if (series.count > series.pairs.length) series.pairs = new Uint32Array(series.count * 2);
        for (let k = 0; k < series.count; k++) series.pairs[k] = r.uvarint();
        at += 4 + length;
        yield series;
      }
    } finally {
      spill.close();
    }
  }
}

interface SpilledSeries {
  /** Numbers of its label pairs, `count` of them in use. */
  pairs: Uint32Array;
  count: number;
  /** What is left of the record: the chunks, as they stand in the index. */
  rest: ByteReader;
}
