/**
 * Writes one block. Everything is written to a directory beside the place of the block, put on disk, and then
 * renamed, so that a block is never there in part. Memory: what the index writer holds (its file says what), and one
 * series. docs/format/block.md.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels, SampleColumns } from '../../model/index.ts';
import { ChunkList, type CutRule, isHistogramEncoding, SeriesEncoder } from '../chunk/index.ts';
import { ChunkMetas, IndexWriter } from '../index/index.ts';
import { INDEX_FILE } from './block-reader.ts';
import { CHUNKS_DIR, ChunkSegmentWriter, SEGMENT_BYTES } from './chunk-segments.ts';
import { type BlockCompaction, type BlockMeta, writeBlockMeta } from './meta.ts';
import { Tombstones, writeTombstones } from './tombstones.ts';
import { makeUlid } from './ulid.ts';

/** Behind the name of a block that is not finished. */
export const UNFINISHED_SUFFIX = '.tmp-for-creation';

export interface BlockWriterOptions {
  /** ULID of the new block; one made now if not given. */
  ulid?: string;
  /** The block's range in ms; if not given, from the first sample to behind the last one. */
  minTime?: number;
  maxTime?: number;
  /** Level 1 with itself as source if not given. */
  compaction?: BlockCompaction;
  /** Where the samples of `addSamples` are cut into chunks: 2 h ranges if not given. */
  cut?: CutRule;
  /** Largest chunk segment. */
  segmentBytes?: number;
  /** Whether a block is written, too, to which no series was added; it needs `minTime` and `maxTime` then. */
  evenEmpty?: boolean;
  /** Default true; if false, nothing is put on disk: `syncTree` does that for many blocks at once, which is faster. */
  durable?: boolean;
}

const TWO_HOURS = 2 * 60 * 60 * 1000;

export class BlockWriter {
  readonly ulid: string;
  private readonly parent: string;
  private readonly temporary: string;
  private readonly options: BlockWriterOptions;
  private readonly durable: boolean;
  private readonly segments: ChunkSegmentWriter;
  private readonly index: IndexWriter;
  private readonly encoded = new ChunkList();
  private readonly encoder: SeriesEncoder;
  private readonly metas = new ChunkMetas();
  private samples = 0;
  private histograms = 0;
  private chunks = 0;
  private series = 0;
  private mint = Number.POSITIVE_INFINITY;
  private maxt = Number.NEGATIVE_INFINITY;

  /** The block becomes a directory of `parent`. */
  constructor(parent: string, options: BlockWriterOptions = {}) {
    this.ulid = options.ulid ?? makeUlid(Date.now());
    this.parent = parent;
    this.options = options;
    this.durable = options.durable ?? true;
    this.temporary = join(parent, this.ulid + UNFINISHED_SUFFIX);
    mkdirSync(this.temporary, { recursive: true });
    try {
      this.segments = new ChunkSegmentWriter(
        join(this.temporary, CHUNKS_DIR),
        options.segmentBytes ?? SEGMENT_BYTES,
        this.durable,
      );
      this.index = new IndexWriter(join(this.temporary, INDEX_FILE));
    } catch (error) {
      rmSync(this.temporary, { recursive: true, force: true });
      throw error;
    }
    this.encoder = new SeriesEncoder(options.cut ?? TWO_HOURS, this.encoded);
  }

  /** Series that were added. */
  get seriesCount(): number {
    return this.series;
  }

  /** Adds a series with its samples, times ascending. Series come in label order; one without samples is left out. */
  addSamples(labels: Labels, columns: SampleColumns): void {
    this.encoded.clear();
    this.encoder.append(columns);
    this.encoder.finish();
    this.addChunks(labels, this.encoded);
  }

  /** Adds a series with its chunks in time order. Series come in label order; one without chunks is left out. */
  addChunks(labels: Labels, chunks: ChunkList): void {
    if (chunks.length === 0) return;
    const { metas } = this;
    metas.length = 0;
    for (let i = 0; i < chunks.length; i++) {
      metas.push(chunks.mint[i], chunks.maxt[i], this.segments.write(chunks, i));
      this.samples += chunks.count[i];
      if (isHistogramEncoding(chunks.encoding[i])) this.histograms += chunks.count[i];
    }
    this.chunks += chunks.length;
    this.series++;
    this.mint = Math.min(this.mint, chunks.mint[0]);
    this.maxt = Math.max(this.maxt, chunks.maxt[chunks.length - 1]);
    this.index.add(labels, metas);
  }

  /**
   * Finishes the block; it is on disk and in its place when this returns. Returns its meta.json, or undefined (and
   * leaves nothing behind) where no series was added, unless `evenEmpty` is set.
   */
  finish(): BlockMeta | undefined {
    const steps = this.finishing();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** The same in steps of some milliseconds, between which others may work. Ended early, it wants an `abort`. */
  *finishing(): Generator<void, BlockMeta | undefined> {
    if (this.series === 0 && !this.options.evenEmpty) {
      this.abort();
      return undefined;
    }
    const { temporary, parent, options, ulid, durable } = this;
    const meta: BlockMeta = {
      ulid,
      minTime: options.minTime ?? this.mint,
      maxTime: options.maxTime ?? this.maxt + 1,
      stats: {
        numSamples: this.samples,
        ...(this.samples > this.histograms && { numFloatSamples: this.samples - this.histograms }),
        ...(this.histograms > 0 && { numHistogramSamples: this.histograms }),
        numSeries: this.series,
        numChunks: this.chunks,
      },
      compaction: options.compaction ?? { level: 1, sources: [ulid] },
      version: 1,
    };
    this.segments.finish();
    yield* this.index.finishing(durable);
    writeTombstones(temporary, new Tombstones(), durable);
    writeBlockMeta(temporary, meta, durable);
    if (durable) {
      syncDirectory(join(temporary, CHUNKS_DIR));
      syncDirectory(temporary);
    }
    renameSync(temporary, join(parent, ulid));
    if (durable) syncDirectory(parent);
    return meta;
  }

  /** Gives up, and removes what was written. */
  abort(): void {
    this.segments.abandon();
    this.index.abandon();
    rmSync(this.temporary, { recursive: true, force: true });
  }
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
