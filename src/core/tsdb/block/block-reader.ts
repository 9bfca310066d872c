/**
 * Reads one block: opening it reads meta.json, the frame of the index and the tombstones; everything else is read
 * when it is asked for. Synchronous; one reader serves one thread. docs/format/block.md.
 */
import { basename, join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { type Labels, type Matcher, SampleColumns } from '../../model/index.ts';
import { type ChunkList, chunkSampleCount, decodeChunk, SeriesEncoder, XorMark } from '../chunk/index.ts';
import {
  type CachedSeries,
  ChunkMetas,
  IndexReader,
  PageCache,
  SelectionCache,
  SeriesCache,
  selectingLabelNames,
  selectingLabelValues,
  selectPostings,
} from '../index/index.ts';
import { CHUNKS_DIR, ChunkSegments, type StoredChunk } from './chunk-segments.ts';
import { covers, type Intervals, removeDeleted, touches } from './intervals.ts';
import { type BlockMeta, readBlockMeta } from './meta.ts';
import type { StoredSeriesSet } from './series-set.ts';
import { readTombstones, type Tombstones } from './tombstones.ts';

export const INDEX_FILE = 'index';

/** Series of a selection that are held ready; of more there is not much left to win beside reading them. */
const MOST_HELD = 100_000;

export class BlockReader {
  readonly dir: string;
  readonly meta: BlockMeta;
  readonly index: IndexReader;
  readonly segments: ChunkSegments;
  readonly tombstones: Tombstones;

  private readonly selections = new SelectionCache();

  /**
   * The caches may be shared by all blocks of a directory. Throws CorruptionError where meta.json, the index's frame
   * or the tombstones are damaged, and what `open` throws where a file is missing.
   */
  constructor(dir: string, pages: PageCache = new PageCache(), series: SeriesCache = new SeriesCache()) {
    this.dir = dir;
    this.meta = readBlockMeta(dir);
    this.tombstones = readTombstones(dir);
    this.segments = new ChunkSegments(join(dir, CHUNKS_DIR), pages);
    this.index = new IndexReader(join(dir, INDEX_FILE), pages, series);
  }

  /** The name of the block's directory, which is its ULID. */
  get name(): string {
    return basename(this.dir);
  }

  /** Bytes read of index and chunks so far. */
  get bytesRead(): number {
    return this.index.bytesRead + this.segments.bytesRead;
  }

  /**
   * The series for which every matcher holds and that have chunks in [mint, maxt] (ms, both inclusive), with their
   * samples in that range. Valid until the block is closed; may throw CorruptionError at any step.
   */
  select(matchers: readonly Matcher[], mint: number, maxt: number): BlockSeriesSet {
    const refs = this.selections.get(matchers, () => selectPostings(this.index, matchers));
    // Every series of a block has a sample in it, so only a part of its time needs a look at each.
    if (mint <= this.meta.minTime && maxt >= this.meta.maxTime - 1) {
      return new BlockSeriesSet(this, refs, [], mint, maxt);
    }
    const there = new Uint32Array(refs.length);
    const series: CachedSeries[] = [];
    let n = 0;
    for (let i = 0; i < refs.length; i++) {
      const one = this.index.series(refs[i]);
      if (!one.hasChunkIn(mint, maxt)) continue;
      there[n++] = refs[i];
      if (n <= MOST_HELD) series.push(one);
    }
    return new BlockSeriesSet(this, there.subarray(0, n), series, mint, maxt);
  }

  /** Sorted; in steps of some milliseconds, as the next. */
  labelNames(matchers: readonly Matcher[]): Generator<void, string[]> {
    return selectingLabelNames(this.index, matchers);
  }

  labelValues(name: string, matchers: readonly Matcher[]): Generator<void, string[]> {
    return selectingLabelValues(this.index, name, matchers);
  }

  /** Keeps all of the block readable, also when somebody removes it. Throws what `open` throws. */
  hold(): void {
    this.segments.hold();
  }

  close(): void {
    this.index.close();
    this.segments.close();
  }
}

/** The chunks of the series that is being read. */
const metas = new ChunkMetas();

export class BlockSeriesSet implements StoredSeriesSet {
  readonly length: number;
  /** The series' numbers in the block's index. */
  readonly refs: Uint32Array;
  private readonly block: BlockReader;
  /** What the index says of the first of them, so that they are looked up once. */
  private readonly held: readonly CachedSeries[];
  private readonly mint: number;
  private readonly maxt: number;
  private rest: SampleColumns | null = null;

  constructor(
    block: BlockReader,
    refs: Uint32Array,
    held: readonly CachedSeries[],
    mint: number,
    maxt: number,
  ) {
    this.block = block;
    this.refs = refs;
    this.held = held;
    this.length = refs.length;
    this.mint = mint;
    this.maxt = maxt;
  }

  labels(i: number): Labels {
    if (i >= this.held.length) return this.block.index.labels(this.refs[i]);
    const series = this.held[i];
    series.labels ??= this.block.index.labels(this.refs[i]);
    return series.labels;
  }

  read(i: number, out: SampleColumns): void {
    const { block, mint, maxt } = this;
    const ref = this.refs[i];
    metas.length = 0;
    const series = i < this.held.length ? this.held[i] : block.index.series(ref);
    series.chunks(mint, maxt, metas);
    const deleted = block.tombstones.of(ref);
    const from = out.length;
    for (let c = 0; c < metas.length; c++) {
      if (deleted.length > 0 && covers(deleted, metas.mint[c], metas.maxt[c])) continue;
      const mark = metas.mint[c] < mint ? (series.mark ??= new XorMark()).of(metas.ref[c]) : null;
      decodeStored(block, metas.ref[c], out, mint, maxt, mark);
    }
    if (deleted.length > 0) removeDeleted(out, from, deleted);
  }

  /**
   * Appends the chunks of series `i` that have samples in the selection's range to `out`, as they are stored. What
   * is deleted is left out, which means that some chunks are encoded anew; what is outside the range is not.
   */
  readChunks(i: number, out: ChunkList): void {
    const { block } = this;
    const ref = this.refs[i];
    metas.length = 0;
    block.index.chunks(ref, this.mint, this.maxt, metas);
    const deleted = block.tombstones.of(ref);
    for (let c = 0; c < metas.length; c++) {
      const mint = metas.mint[c];
      const maxt = metas.maxt[c];
      if (covers(deleted, mint, maxt)) continue;
      const chunk = block.segments.read(metas.ref[c]);
      if (chunk.end - chunk.start < 2) {
        throw new CorruptionError('has a chunk without a header', block.segments.place(metas.ref[c]));
      }
      if (touches(deleted, mint, maxt)) this.encodeRest(metas.ref[c], deleted, out);
      else {
        const count = chunkSampleCount(chunk.encoding, chunk.bytes, chunk.start);
        out.push(chunk.encoding, mint, maxt, count, chunk.bytes, chunk.start, chunk.end);
      }
    }
  }

  private encodeRest(chunkRef: number, deleted: Intervals, out: ChunkList): void {
    this.rest ??= new SampleColumns();
    const { rest } = this;
    rest.clear();
    decodeStored(this.block, chunkRef, rest, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    removeDeleted(rest, 0, deleted);
    const encoder = new SeriesEncoder('merge', out);
    encoder.append(rest);
    encoder.finish();
  }
}

/** Decodes a chunk, and says of a fault where in which file it is. */
function decodeStored(
  block: BlockReader,
  ref: number,
  out: SampleColumns,
  mint: number,
  maxt: number,
  mark: XorMark | null = null,
): void {
  const chunk: StoredChunk = block.segments.read(ref);
  try {
    decodeChunk(chunk.encoding, chunk.bytes, chunk.start, chunk.end, out, mint, maxt, mark);
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    throw new CorruptionError(error.reason, block.segments.place(ref));
  }
}
