/** Writes a block from the image of a head: a function over a directory, for any thread. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { SampleColumns } from '../../model/index.ts';
import {
  type BlockMeta,
  BlockWriter,
  covers,
  type Intervals,
  makeUlid,
  mergeRuns,
  OUT_OF_ORDER_HINT,
  removeDeleted,
  touches,
} from '../block/index.ts';
import { ChunkList, chunkSampleCount, decodeChunk, SeriesEncoder } from '../chunk/index.ts';
import type { BlockImage } from './block-image.ts';
import { HEAD_CHUNKS_DIR, type HeadChunk, HeadChunkReader, openHeadChunkFiles } from './chunk-file.ts';
import { LabelSets } from './label-sets.ts';

export interface HeadBlockRange {
  /** What the block is for, ms: [mint, maxt), of which samples are taken. */
  mint: number;
  maxt: number;
  /** When the block is made, ms. */
  nowMs: number;
  /** The image is of what came out of order: its chunks overlap. */
  late: boolean;
}

const NO_ULID = '00000000000000000000000000';
const NOTHING_DELETED: Intervals = [];
/** Chunks between two chances for others to work. */
const STEP_CHUNKS = 2000;

/**
 * Writes a block of the data directory `dir` to the directory `into`, in steps; ended early, or by a fault, it leaves nothing behind. Returns
 * its meta.json, or undefined where the image has no samples in the range. Throws CorruptionError for a damaged chunk.
 */
export function* blockFromImage(
  dir: string,
  into: string,
  image: BlockImage,
  range: HeadBlockRange,
): Generator<void, BlockMeta | undefined> {
  const sets = LabelSets.of(image.labels);
  const { places, starts } = image;
  const order = new Uint32Array(places.length).map((_, i) => i);
  order.sort((a, b) => sets.compare(places[a], places[b]));
  yield;
  const ulid = makeUlid(range.nowMs);
  const writer = new BlockWriter(into, {
    ulid,
    minTime: range.mint,
    maxTime: range.maxt,
    compaction: {
      level: 1,
      sources: [ulid],
      ...(range.late && {
        parents: [{ ulid: NO_ULID, minTime: 0, maxTime: 0 }],
        hints: [OUT_OF_ORDER_HINT],
      }),
    },
  });
  let finished = false;
  const fds = openHeadChunkFiles(join(dir, HEAD_CHUNKS_DIR));
  try {
    const chunks = new SeriesChunks(new HeadChunkReader(join(dir, HEAD_CHUNKS_DIR), fds), image, range);
    let done = 0;
    for (const i of order) {
      writer.addChunks(sets.labels(places[i]), range.late ? chunks.merged(i) : chunks.copied(i));
      done += starts[i + 1] - starts[i];
      if (done < STEP_CHUNKS) continue;
      done = 0;
      yield;
    }
    const meta = yield* writer.finishing();
    finished = true;
    return meta;
  } finally {
    for (const fd of fds.values()) closeSync(fd);
    if (!finished) writer.abort();
  }
}

/** The chunks of one series after another, as the block is to have them. */
class SeriesChunks {
  private readonly reader: HeadChunkReader;
  private readonly image: BlockImage;
  private readonly mint: number;
  /** Inclusive. */
  private readonly maxt: number;
  private readonly out = new ChunkList();
  private readonly columns = new SampleColumns();

  constructor(reader: HeadChunkReader, image: BlockImage, range: HeadBlockRange) {
    this.reader = reader;
    this.image = image;
    this.mint = range.mint;
    this.maxt = range.maxt - 1;
  }

  /** Chunks that follow each other: as they are, unless a part of one is deleted or outside the range. */
  copied(i: number): ChunkList {
    const { out, image, columns } = this;
    const deleted = image.deleted.get(i) ?? NOTHING_DELETED;
    out.clear();
    for (let c = image.starts[i]; c < image.starts[i + 1]; c++) {
      const chunk = this.reader.read(image.file[c], image.offset[c]);
      const { mint, maxt, encoding, bytes, start, end } = chunk;
      if (maxt < this.mint || mint > this.maxt || covers(deleted, mint, maxt)) continue;
      if (mint >= this.mint && maxt <= this.maxt && !touches(deleted, mint, maxt)) {
        out.push(encoding, mint, maxt, chunkSampleCount(encoding, bytes, start), bytes, start, end);
        continue;
      }
      columns.clear();
      this.decode(chunk, c);
      removeDeleted(columns, 0, deleted);
      this.encode();
    }
    return out;
  }

  /** Chunks that overlap: their samples anew. */
  merged(i: number): ChunkList {
    const { out, image, columns } = this;
    out.clear();
    columns.clear();
    for (let c = image.starts[i]; c < image.starts[i + 1]; c++) {
      const chunk = this.reader.read(image.file[c], image.offset[c]);
      if (chunk.maxt < this.mint || chunk.mint > this.maxt) continue;
      const middle = columns.length;
      this.decode(chunk, c);
      mergeRuns(columns, 0, middle);
    }
    removeDeleted(columns, 0, image.deleted.get(i) ?? NOTHING_DELETED);
    this.encode();
    return out;
  }

  /** Appends a chunk's samples in the range to the columns. */
  private decode(chunk: HeadChunk, c: number): void {
    const { encoding, bytes, start, end } = chunk;
    try {
      decodeChunk(encoding, bytes, start, end, this.columns, this.mint, this.maxt);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      throw this.reader.fault(error.reason, this.image.file[c], this.image.offset[c]);
    }
  }

  private encode(): void {
    if (this.columns.length === 0) return;
    const encoder = new SeriesEncoder('merge', this.out);
    encoder.append(this.columns);
    encoder.finish();
  }
}
