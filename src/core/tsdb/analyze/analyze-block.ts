/**
 * Analyses one block: by its index alone, or with a look at every chunk. What a chunk takes on disk is found by where
 * the next one starts, so that no chunk need be read for that.
 */
import type { Matcher } from '../../model/index.ts';
import type { ChunkSegments } from '../block/chunk-segments.ts';
import { BlockReader } from '../block/index.ts';
import { type IndexReader, PagedFile, SeriesEntry, selectPostings } from '../index/index.ts';
import { CHUNK_COLUMNS } from '../index/series-cache.ts';
import { eachSymbol } from '../index/symbols.ts';
import { Analysis } from './analysis.ts';
import { type ChunkShapes, ChunkShapeTally, type EachChunk } from './chunk-shapes.ts';
import { LabelTally } from './label-tally.ts';
import { SeriesScan } from './series-scan.ts';

/** Series between two places where others may work. */
const STEP = 2048;
const TWO_32 = 2 ** 32;
/** Chunks are shorter than this, mostly by far. */
const FAR_BYTES = 64 * 1024;

export interface BlockAnalysisOptions {
  /** Only series for which all of these hold. */
  matchers?: readonly Matcher[];
  /** Reads every chunk: gives `shapes`, and samples by label. */
  chunks?: boolean;
  /** Told of every chunk that is read. */
  eachChunk?: EachChunk;
  progress?: (seriesDone: number, seriesTotal: number) => void;
}

export interface BlockAnalysis {
  analysis: Analysis;
  /** Where chunks were read. */
  shapes?: ChunkShapes;
}

/**
 * Analyses the block in `dir`, in steps of some milliseconds. The analysis has the block open until it is closed.
 * Throws CorruptionError.
 */
export function* analyzeBlock(
  dir: string,
  options: BlockAnalysisOptions = {},
): Generator<void, BlockAnalysis> {
  const block = new BlockReader(dir);
  let done = false;
  try {
    const result = yield* analyze(block, options);
    done = true;
    return result;
  } finally {
    if (!done) block.close();
  }
}

function* analyze(block: BlockReader, options: BlockAnalysisOptions): Generator<void, BlockAnalysis> {
  const { meta, index } = block;
  const { matchers = [] } = options;
  const isWhole = matchers.length === 0 && index.version === 2;
  const total = meta.stats?.numSeries ?? 0;
  const entries = isWhole
    ? new SeriesScan(index)
    : new SelectedEntries(index, selectPostings(index, matchers));
  const shapes = options.chunks === true ? new ChunkShapeTally(block.segments, options.eachChunk) : undefined;
  const tally = new BlockTally(block, entries, isWhole, shapes);
  try {
    while (tally.addSome(STEP)) {
      options.progress?.(tally.labels.seriesCount, total);
      yield;
    }
  } finally {
    entries.close();
  }
  const { labels } = tally;
  const samples = shapes?.samples ?? (labels.seriesCount === total ? meta.stats?.numSamples : undefined);
  const totals = {
    mint: meta.minTime,
    maxt: meta.maxTime - 1,
    allSeries: isWhole ? labels.seriesCount : index.allPostings().length,
    durationMs: meta.maxTime - meta.minTime,
    chunks: tally.chunks,
    ...(samples !== undefined && { samples }),
    chunkBytes: tally.chunkBytes,
    indexBytes: index.sizeBytes,
  };
  const text = (symbol: number) => index.symbol(symbol);
  const analysis = new Analysis(meta.ulid, totals, labels, text, symbolLengths(index, text), () =>
    block.close(),
  );
  return { analysis, ...(shapes !== undefined && { shapes: shapes.result() }) };
}

interface Entries {
  /** Reads the next entry; false where there is none. */
  next(entry: SeriesEntry): boolean;
  close(): void;
}

class SelectedEntries implements Entries {
  private readonly index: IndexReader;
  private readonly refs: Uint32Array;
  private done = 0;

  constructor(index: IndexReader, refs: Uint32Array) {
    this.index = index;
    this.refs = refs;
  }

  next(entry: SeriesEntry): boolean {
    if (this.done === this.refs.length) return false;
    this.index.readEntry(this.refs[this.done++], entry);
    return true;
  }

  close(): void {}
}

/** Counts series in the order of the index. */
class BlockTally {
  readonly labels = new LabelTally();
  readonly shapes: ChunkShapeTally | undefined;
  chunks = 0;
  chunkBytes = 0;
  private readonly entries: Entries;
  private readonly lengthMs: number;
  private readonly sizes: ChunkSizes;
  private entry = new SeriesEntry();
  /** The one after, whose first chunk tells where the last one of `entry` ends. */
  private following = new SeriesEntry();
  private more: boolean;

  /** `isWhole`: the entries are all that the index has. `shapes`: where chunks are read. */
  constructor(block: BlockReader, entries: Entries, isWhole: boolean, shapes: ChunkShapeTally | undefined) {
    this.entries = entries;
    this.lengthMs = block.meta.maxTime - block.meta.minTime;
    this.sizes = new ChunkSizes(block.segments, isWhole);
    this.shapes = shapes;
    this.more = entries.next(this.following);
  }

  /** Adds up to `count` series; false where there are no more. */
  addSome(count: number): boolean {
    for (let i = 0; i < count && this.more; i++) {
      const entry = this.following;
      this.following = this.entry;
      this.entry = entry;
      this.more = this.entries.next(this.following);
      if (!this.more) this.following.chunkCount = 0;
      this.add(entry);
    }
    return this.more;
  }

  private add(entry: SeriesEntry): void {
    const { chunks, chunkCount } = entry;
    const end = chunkCount === 0 ? 0 : chunks[(chunkCount - 1) * CHUNK_COLUMNS + 1];
    const covered = chunkCount === 0 ? 0 : end - chunks[0];
    this.labels.add(entry.symbols, entry.labelCount, this.lengthMs - covered);
    const bytes = this.sizes.of(entry, this.following);
    this.labels.addBytes(bytes);
    if (this.shapes !== undefined) this.labels.addSamples(this.shapes.add(entry));
    this.chunkBytes += bytes;
    this.chunks += chunkCount;
  }
}

/** Bytes that chunks take in their segments, with length, encoding and checksum. */
class ChunkSizes {
  private readonly segments: ChunkSegments;
  /** Entries come for all series of the block, in order. */
  private readonly isWhole: boolean;

  constructor(segments: ChunkSegments, isWhole: boolean) {
    this.segments = segments;
    this.isWhole = isWhole;
  }

  /** Of all chunks of `entry`; `next` is the entry after it. */
  of(entry: SeriesEntry, next: SeriesEntry): number {
    const { chunks, chunkCount } = entry;
    let bytes = 0;
    for (let c = 0; c < chunkCount; c++) {
      const ref = chunks[c * CHUNK_COLUMNS + 2];
      let following = -1;
      if (c + 1 < chunkCount) following = chunks[(c + 1) * CHUNK_COLUMNS + 2];
      else if (this.isWhole && next.chunkCount > 0) following = next.chunks[2];
      const distance = following - ref;
      // Not the next one in the file: chunks of another writer may lie in any order.
      const adjacent =
        distance > 0 && distance < FAR_BYTES && Math.floor(following / TWO_32) === Math.floor(ref / TWO_32);
      bytes += adjacent ? distance : this.read(ref);
    }
    return bytes;
  }

  private read(ref: number): number {
    const { start, end } = this.segments.read(ref);
    return this.segments.storedBytes(end - start);
  }
}

/** How many bytes of UTF-8 each symbol is. */
function symbolLengths(index: IndexReader, text: (symbol: number) => string): (symbol: number) => number {
  if (index.version === 1) return (symbol) => Buffer.byteLength(text(symbol));
  const lengths: number[] = [];
  const file = new PagedFile(index.path);
  try {
    eachSymbol(file, index.toc.symbols, (_bytes, start, end) => lengths.push(end - start));
  } finally {
    file.close();
  }
  return (symbol) => lengths[symbol];
}
