/**
 * Some series of a head as they were at one moment: which finished chunks they have, and a copy of what they were
 * adding to. So what is appended or removed later does not show, and a selection can be handed to another thread.
 *
 * The finished chunks are in files; whoever made the selection keeps them there (`ChunkStore.hold`) while it is read.
 */
import { CorruptionError } from '../../errors.ts';
import { Labels, type Matcher, type SampleColumns } from '../../model/index.ts';
import { type Intervals, mergeRuns, removeDeleted, type StoredSeriesSet } from '../block/index.ts';
import { ChunkList, decodeChunk } from '../chunk/index.ts';
import { selectPostings } from '../index/index.ts';
import { HeadChunkReader } from './chunk-file.ts';
import { copied, grownLength } from './grown.ts';
import type { Head } from './head.ts';
import { HeadIndex } from './head-index.ts';
import type { LabelSets } from './label-sets.ts';

/** What a selection consists of; all of it can be posted to a worker. */
export interface SelectionData {
  mint: number;
  maxt: number;
  /** Series, sorted by labels. */
  length: number;
  /** Strings that labels refer to. */
  symbols: string[];
  /** Names and values by their numbers in `symbols`; those of series i are [labelStarts[i], labelStarts[i + 1]). */
  pairs: Uint32Array;
  labelStarts: Uint32Array;
  chunks: SelectedChunks;
  /** By series; few have any. */
  deleted: Map<number, Intervals>;
  /** The folder of the files, for messages, and the open files by number. */
  dir: string;
  files: Map<number, number>;
}

/** Chunks of all series: those of series i are [starts[i], starts[i + 1]), in order first, then the late ones. */
export interface SelectedChunks {
  starts: Uint32Array;
  /** Index of the first late chunk of each series. */
  lateStarts: Uint32Array;
  /** File number, or 0 where the chunk is in `memory`. */
  file: Uint32Array;
  /** Offset in the file, or the number of the chunk in `memory`. */
  offset: Uint32Array;
  memory: { encoding: Uint8Array; start: Uint32Array; end: Uint32Array; bytes: Uint8Array };
}

/** Series of a head; labels are made when asked for. */
export class HeadSelection implements StoredSeriesSet {
  readonly length: number;
  private readonly sets: LabelSets;
  private readonly places: Uint32Array;
  private readonly reading: SelectionReader | undefined;
  private readonly data: Omit<SelectionData, 'symbols' | 'pairs' | 'labelStarts'> | undefined;

  /**
   * The series for which every matcher holds and that have chunks in [mint, maxt] (ms, both inclusive). With
   * `labelsOnly`, `read` must not be called.
   */
  constructor(head: Head, matchers: readonly Matcher[], mint: number, maxt: number, labelsOnly = false) {
    const { series } = head;
    this.sets = series.sets;
    const rows = selectPostings(new HeadIndex(series), matchers).filter((row) =>
      hasChunkIn(head, row, mint, maxt),
    );
    const { sets } = this;
    rows.sort((a, b) => sets.compare(series.labelsOf(a), series.labelsOf(b)));
    this.length = rows.length;
    this.places = rows.map((row) => series.labelsOf(row));
    if (labelsOnly) return;
    const collected = new ChunkCollector(head, mint, maxt);
    const deleted = new Map<number, Intervals>();
    for (let i = 0; i < rows.length; i++) {
      collected.add(rows[i]);
      const intervals = head.deleted.get(rows[i]);
      if (intervals !== undefined) deleted.set(i, intervals);
    }
    const chunks = collected.finish();
    this.data = {
      mint,
      maxt,
      length: rows.length,
      chunks,
      deleted,
      dir: head.store.dir,
      files: head.store.descriptors(),
    };
    this.reading = new SelectionReader(this.data);
  }

  labels(i: number): Labels {
    return this.sets.labels(this.places[i]);
  }

  read(i: number, out: SampleColumns): void {
    if (this.reading === undefined) throw new Error('samples of a selection that was made for labels');
    this.reading.read(i, out);
  }

  /** All of the selection, for `DetachedSelection` in any thread. */
  detach(): SelectionData {
    if (this.data === undefined) throw new Error('a selection for labels has no samples to hand over');
    const { sets, places } = this;
    const numbers = new Map<number, number>();
    const symbols: string[] = [];
    const number = (symbol: number): number => {
      let n = numbers.get(symbol);
      if (n === undefined) {
        n = symbols.push(sets.symbols.text(symbol)) - 1;
        numbers.set(symbol, n);
      }
      return n;
    };
    const labelStarts = new Uint32Array(places.length + 1);
    for (let i = 0; i < places.length; i++) {
      labelStarts[i + 1] = labelStarts[i] + 2 * sets.piece(places[i])[sets.offset(places[i])];
    }
    const pairs = new Uint32Array(labelStarts[places.length]);
    let at = 0;
    for (const place of places) {
      const piece = sets.piece(place);
      const start = sets.offset(place) + 1;
      for (let k = start; k < start + piece[start - 1]; k++) {
        pairs[at++] = number(sets.names[piece[k]]);
        pairs[at++] = number(sets.values[piece[k]]);
      }
    }
    return { ...this.data, symbols, pairs, labelStarts };
  }
}

/** A selection that was handed over. */
export class DetachedSelection implements StoredSeriesSet {
  readonly length: number;
  private readonly data: SelectionData;
  private readonly reading: SelectionReader;

  constructor(data: SelectionData) {
    this.length = data.length;
    this.data = data;
    this.reading = new SelectionReader(data);
  }

  labels(i: number): Labels {
    const { symbols, pairs, labelStarts } = this.data;
    const names: string[] = [];
    const values: string[] = [];
    for (let at = labelStarts[i]; at < labelStarts[i + 1]; at += 2) {
      names.push(symbols[pairs[at]]);
      values.push(symbols[pairs[at + 1]]);
    }
    return new Labels(names, values);
  }

  read(i: number, out: SampleColumns): void {
    this.reading.read(i, out);
  }
}

/** Decodes the chunks of selected series. */
class SelectionReader {
  private readonly data: Omit<SelectionData, 'symbols' | 'pairs' | 'labelStarts'>;
  private readonly files: HeadChunkReader;

  constructor(data: Omit<SelectionData, 'symbols' | 'pairs' | 'labelStarts'>) {
    this.data = data;
    this.files = new HeadChunkReader(data.dir, data.files);
  }

  read(i: number, out: SampleColumns): void {
    const { chunks, deleted } = this.data;
    const from = out.length;
    for (let c = chunks.starts[i]; c < chunks.lateStarts[i]; c++) this.decode(c, out);
    for (let c = chunks.lateStarts[i]; c < chunks.starts[i + 1]; c++) {
      const middle = out.length;
      this.decode(c, out);
      mergeRuns(out, from, middle);
    }
    const intervals = deleted.get(i);
    if (intervals !== undefined) removeDeleted(out, from, intervals);
  }

  private decode(c: number, out: SampleColumns): void {
    const { mint, maxt, chunks } = this.data;
    const file = chunks.file[c];
    const offset = chunks.offset[c];
    if (file === 0) {
      const { encoding, start, end, bytes } = chunks.memory;
      decodeChunk(encoding[offset], bytes, start[offset], end[offset], out, mint, maxt);
      return;
    }
    const chunk = this.files.read(file, offset);
    try {
      decodeChunk(chunk.encoding, chunk.bytes, chunk.start, chunk.end, out, mint, maxt);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      throw this.files.fault(error.reason, file, offset);
    }
  }
}

/** Gathers the chunks of one series after another. */
class ChunkCollector {
  private readonly head: Head;
  private readonly mint: number;
  private readonly maxt: number;
  private readonly memory = new ChunkList();
  private starts: number[] = [0];
  private lateStarts: number[] = [];
  private file = new Uint32Array(256);
  private offset = new Uint32Array(256);
  private count = 0;

  constructor(head: Head, mint: number, maxt: number) {
    this.head = head;
    this.mint = mint;
    this.maxt = maxt;
  }

  add(row: number): void {
    const { head, memory } = this;
    const { series } = head;
    this.addFinished(series.newestChunk[row]);
    this.addMemory(() => head.open.copy(row, memory));
    this.lateStarts.push(this.count);
    if (series.newestLateChunk[row] !== 0) this.addFinished(series.newestLateChunk[row]);
    if (head.late.has(row)) this.addMemory(() => head.late.copy(row, memory));
    this.starts.push(this.count);
  }

  finish(): SelectedChunks {
    const { encoding, start, end, bytes, length, used } = this.memory;
    return {
      starts: Uint32Array.from(this.starts),
      lateStarts: Uint32Array.from(this.lateStarts),
      file: this.file.slice(0, this.count),
      offset: this.offset.slice(0, this.count),
      memory: {
        encoding: encoding.slice(0, length),
        start: start.slice(0, length),
        end: end.slice(0, length),
        bytes: bytes.subarray(0, used),
      },
    };
  }

  /** Adds the finished chunks of a list that have samples in the range, oldest first. */
  private addFinished(newest: number): void {
    const { finished, store } = this.head;
    const first = this.count;
    for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) {
      const i = chunk - 1;
      if (finished.mint[i] > this.maxt || finished.maxt[i] < this.mint) continue;
      const file = finished.file[i];
      const offset = finished.offset[i];
      if (offset < store.flushedBytes(file)) {
        this.push(file, offset);
      } else {
        const { encoding, bytes, start, end } = store.read(file, offset);
        this.memory.push(encoding, finished.mint[i], finished.maxt[i], 0, bytes, start, end);
        this.push(0, this.memory.length - 1);
      }
    }
    this.file.subarray(first, this.count).reverse();
    this.offset.subarray(first, this.count).reverse();
  }

  /** Adds those chunks that `copy` adds to the list in memory and that have samples in the range. */
  private addMemory(copy: () => void): void {
    const { memory } = this;
    let i = memory.length;
    copy();
    for (; i < memory.length; i++) {
      if (memory.mint[i] <= this.maxt && memory.maxt[i] >= this.mint) this.push(0, i);
    }
  }

  private push(file: number, offset: number): void {
    const i = this.count++;
    if (i === this.file.length) {
      const length = grownLength(i, i + 1);
      this.file = copied(this.file, new Uint32Array(length));
      this.offset = copied(this.offset, new Uint32Array(length));
    }
    this.file[i] = file;
    this.offset[i] = offset;
  }
}

/** Whether a series may have samples in [mint, maxt], by the times of its chunks. */
function hasChunkIn(head: Head, row: number, mint: number, maxt: number): boolean {
  const { series, finished } = head;
  if (series.open[row] !== 0 && series.chunkStart[row] <= maxt && series.xor.t[row] >= mint) return true;
  for (const newest of [series.newestChunk[row], series.newestLateChunk[row]]) {
    for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) {
      if (finished.mint[chunk - 1] <= maxt && finished.maxt[chunk - 1] >= mint) return true;
    }
  }
  return head.late.has(row);
}
