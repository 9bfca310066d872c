/** Makes a new block of what is readable of a damaged one, which stays as it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { SampleColumns } from '../../model/index.ts';
import { CHUNKS_DIR, ChunkSegments } from '../block/chunk-segments.ts';
import {
  type BlockMeta,
  BlockWriter,
  type BlockWriterOptions,
  covers,
  INDEX_FILE,
  readBlockMeta,
  readTombstones,
  removeDeleted,
  Tombstones,
  touches,
} from '../block/index.ts';
import { ChunkList, chunkSampleCount, decodeChunk, SeriesEncoder } from '../chunk/index.ts';
import { compactedMeta } from '../compaction/index.ts';
import { ChunkJoiner } from '../import/index.ts';
import { PageCache } from '../index/index.ts';
import { CHUNK_COLUMNS } from '../index/series-cache.ts';
import { IndexSalvage, type SalvagedSeries } from './index-salvage.ts';

/** Samples between two places where others may work. */
const STEP_SAMPLES = 200_000;

export interface BlockSalvage {
  /** The new block; undefined where nothing could be read, or nothing was to be written. */
  after?: BlockMeta;
  /** What could be read. */
  series: number;
  chunks: number;
  samples: number;
  /** What could not: stretches of the index where series were, and chunks of the others. */
  lostSeries: number;
  lostChunks: number;
  /** What was deleted is there again. */
  lostDeletions: boolean;
  /** meta.json was lost: the new one says what the data tell. */
  lostMeta: boolean;
  /** How what is damaged was made good, for people. */
  notes: string[];
}

export interface BlockSalvageOptions {
  /** Where to write the new block; nowhere if not given. */
  into?: string;
  /** Called now and then with the part that is done, from 0 to 1. */
  progress?: (part: number) => void;
}

/** In steps; ended early, it leaves nothing behind. */
export function* salvageBlock(
  parent: string,
  name: string,
  options: BlockSalvageOptions = {},
): Generator<void, BlockSalvage> {
  const salvage = new Salvage(join(parent, name), name);
  try {
    yield* salvage.run(options);
  } finally {
    salvage.close();
  }
  return salvage.result;
}

class Salvage {
  readonly result: BlockSalvage = {
    series: 0,
    chunks: 0,
    samples: 0,
    lostSeries: 0,
    lostChunks: 0,
    lostDeletions: false,
    lostMeta: false,
    notes: [],
  };
  private readonly name: string;
  private readonly meta: BlockMeta | undefined;
  private readonly tombstones: Tombstones;
  private readonly index: IndexSalvage | undefined;
  private readonly segments: ChunkSegments | undefined;
  private readonly columns = new SampleColumns();

  constructor(dir: string, name: string) {
    this.name = name;
    this.meta = attempt(() => readBlockMeta(dir));
    this.result.lostMeta = this.meta === undefined;
    const tombstones = attempt(() => readTombstones(dir));
    this.result.lostDeletions = tombstones === undefined;
    this.tombstones = tombstones ?? new Tombstones();
    if (this.result.lostDeletions) this.result.notes.push('what was deleted from the block is there again');
    this.index = attempt(() => new IndexSalvage(join(dir, INDEX_FILE)));
    this.result.notes.push(...(this.index?.notes ?? []));
    if (existsSync(join(dir, CHUNKS_DIR))) {
      this.segments = new ChunkSegments(join(dir, CHUNKS_DIR), new PageCache());
    }
  }

  *run({ into, progress }: BlockSalvageOptions): Generator<void, void> {
    const { index, segments, result } = this;
    if (index === undefined || segments === undefined) return;
    const all = yield* index.series();
    result.lostSeries = index.lostSeries;
    all.sort((a, b) => a.labels.compare(b.labels) || a.ref - b.ref);
    const writer = into === undefined ? undefined : new BlockWriter(into, this.writerOptions(all));
    let finished = false;
    try {
      const list = new ChunkList();
      const joined = new ChunkList();
      const joiner = new ChunkJoiner();
      let stepEnd = STEP_SAMPLES;
      for (let i = 0; i < all.length; ) {
        const { labels } = all[i];
        list.clear();
        do this.readChunks(all[i++], list);
        while (i < all.length && all[i].labels.equals(labels));
        if (list.length > 0) {
          result.series++;
          if (joiner.isDone(list)) writer?.addChunks(labels, list);
          else {
            joined.clear();
            joiner.join(list, joined);
            writer?.addChunks(labels, joined);
          }
        }
        if (result.samples < stepEnd) continue;
        stepEnd = result.samples + STEP_SAMPLES;
        progress?.(i / all.length);
        yield;
      }
      const after = writer === undefined ? undefined : yield* writer.finishing();
      if (after !== undefined) result.after = after;
      finished = true;
    } finally {
      if (!finished) writer?.abort();
    }
  }

  close(): void {
    this.index?.close();
    this.segments?.close();
  }

  /** What the new block says of itself. */
  private writerOptions(all: readonly SalvagedSeries[]): BlockWriterOptions {
    const { meta } = this;
    let mint = Number.POSITIVE_INFINITY;
    let maxt = Number.NEGATIVE_INFINITY;
    for (const series of all) {
      this.index!.readEntry(series);
      const { chunks, chunkCount } = this.index!.entry;
      for (let c = 0; c < chunkCount * CHUNK_COLUMNS; c += CHUNK_COLUMNS) {
        mint = Math.min(mint, chunks[c]);
        maxt = Math.max(maxt, chunks[c + 1]);
      }
    }
    if (meta === undefined) {
      const parents = [{ ulid: this.name, minTime: mint, maxTime: maxt + 1 }];
      return { compaction: { level: 1, sources: [this.name], parents } };
    }
    const planned = compactedMeta([meta]);
    const { hints } = meta.compaction;
    return {
      minTime: Math.min(planned.minTime, mint),
      maxTime: Math.max(planned.maxTime, maxt + 1),
      compaction: hints === undefined ? planned.compaction : { ...planned.compaction, hints },
    };
  }

  /** Appends the chunks of a series that are whole, without what is deleted of them. */
  private readChunks(series: SalvagedSeries, out: ChunkList): void {
    const { index, tombstones, result, columns } = this;
    index!.readEntry(series);
    const { chunks, chunkCount } = index!.entry;
    const deleted = tombstones.of(series.ref);
    for (let c = 0; c < chunkCount; c++) {
      const ref = chunks[c * CHUNK_COLUMNS + 2];
      const before = out.length;
      try {
        const { encoding, bytes, start, end } = this.segments!.read(ref);
        columns.clear();
        decodeChunk(encoding, bytes, start, end, columns);
        checkOrder(columns, end - start < 2 ? 0 : chunkSampleCount(encoding, bytes, start));
        const { t, length } = columns;
        result.chunks++;
        if (covers(deleted, t[0], t[length - 1])) continue;
        if (touches(deleted, t[0], t[length - 1])) {
          removeDeleted(columns, 0, deleted);
          const encoder = new SeriesEncoder('merge', out);
          encoder.append(columns);
          encoder.finish();
        } else out.push(encoding, t[0], t[length - 1], length, bytes, start, end);
        for (let n = before; n < out.length; n++) result.samples += out.count[n];
      } catch (error) {
        if (!isFault(error)) throw error;
        result.lostChunks++;
      }
    }
  }
}

/** Undefined where what is read is damaged, or not there. */
function attempt<T>(part: () => T): T | undefined {
  try {
    return part();
  } catch (error) {
    if (!isFault(error)) throw error;
    return undefined;
  }
}

function isFault(error: unknown): boolean {
  return error instanceof CorruptionError || (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function checkOrder({ t, length }: SampleColumns, count: number): void {
  if (length === 0 || length !== count) throw new CorruptionError(`has ${length} of ${count} samples`);
  for (let i = 1; i < length; i++) {
    if (!(t[i] > t[i - 1])) throw new CorruptionError(`has a sample at ${t[i]} after one at ${t[i - 1]}`);
  }
}
