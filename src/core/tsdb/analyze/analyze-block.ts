/**
 * Analyses one block: by its index alone, or with a look at every chunk. What a chunk takes on disk is found by where
 * the next one starts, so that no chunk need be read for that.
 */
import type { Matcher } from '../../model/index.ts';
import type { ChunkSegments } from '../block/chunk-segments.ts';
import { BlockReader } from '../block/index.ts';
import { type IndexReader, PagedFile, SeriesEntry, selectPostings } from '../index/index.ts';
import { eachSymbol } from '../index/symbols.ts';
import { Analysis } from './analysis.ts';
import { type ChunkShapes, ChunkShapeTally, type EachChunk } from './chunk-shapes.ts';
import { LabelTally } from './label-tally.ts';
import { SeriesBatch } from './series-batch.ts';
import { SeriesScan } from './series-scan.ts';

/** Of one chunk's start to the next one's in a segment: less, mostly by far. */
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
  const tally = new BlockTally(block.segments, isWhole, shapes);
  const batch = new SeriesBatch(meta.maxTime - meta.minTime);
  try {
    for (let more = true; more; ) {
      more = entries.fill(batch);
      tally.add(batch, !more);
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
  /** Fills the batch; false where there are no more series behind it. */
  fill(batch: SeriesBatch): boolean;
  close(): void;
}

class SelectedEntries implements Entries {
  private readonly index: IndexReader;
  private readonly refs: Uint32Array;
  private readonly entry = new SeriesEntry();
  private done = 0;

  constructor(index: IndexReader, refs: Uint32Array) {
    this.index = index;
    this.refs = refs;
  }

  fill(batch: SeriesBatch): boolean {
    while (!batch.isFull) {
      if (this.done === this.refs.length) return false;
      this.index.readEntry(this.refs[this.done++], this.entry);
      batch.add(this.entry);
    }
    return true;
  }

  close(): void {}
}

/** Counts series in the order of the index. */
class BlockTally {
  readonly labels = new LabelTally();
  chunks = 0;
  chunkBytes = 0;
  private readonly segments: ChunkSegments;
  /** All series of the block come, in order. */
  private readonly isWhole: boolean;
  private readonly shapes: ChunkShapeTally | undefined;

  /** `shapes`: where chunks are read. */
  constructor(segments: ChunkSegments, isWhole: boolean, shapes: ChunkShapeTally | undefined) {
    this.segments = segments;
    this.isWhole = isWhole;
    this.shapes = shapes;
  }

  /**
   * Takes the series out of the batch, all but the last, unless there are no more: where its last chunk ends, the first
   * one of the series behind it tells.
   */
  add(batch: SeriesBatch, isLast: boolean): void {
    const count = isLast ? batch.count : batch.count - 1;
    this.measure(batch, count);
    if (this.shapes !== undefined) this.readChunks(batch, count, this.shapes);
    const { symbols, symbolEnds, uncoveredMs, bytes, samples } = batch;
    this.labels.addColumns(count, symbols, symbolEnds, uncoveredMs, bytes, samples);
    batch.remove(count);
  }

  /** Sets the bytes of the first series. */
  private measure({ refs, refCount, refEnds, bytes }: SeriesBatch, count: number): void {
    if (count === 0) return;
    this.chunks += refEnds[count - 1];
    let c = 0;
    for (let s = 0; s < count; s++) {
      const refEnd = refEnds[s];
      let sum = 0;
      for (; c < refEnd; c++) {
        // Where the next one is far, it is in another segment, or of a writer that has chunks in another order.
        const distance = c + 1 < refEnd || (this.isWhole && c + 1 < refCount) ? refs[c + 1] - refs[c] : 0;
        sum += distance > 0 && distance < FAR_BYTES ? distance : this.storedBytes(refs[c]);
      }
      bytes[s] = sum;
      this.chunkBytes += sum;
    }
  }

  private storedBytes(ref: number): number {
    const { start, end } = this.segments.read(ref);
    return this.segments.storedBytes(end - start);
  }

  /** Sets the samples of the first series. */
  private readChunks({ refs, refEnds, samples }: SeriesBatch, count: number, shapes: ChunkShapeTally): void {
    for (let s = 0; s < count; s++) samples[s] = shapes.add(refs, s === 0 ? 0 : refEnds[s - 1], refEnds[s]);
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
