/**
 * What is in the files that a head keeps beside its log: chunks that left its memory (`chunks_head`), and its open
 * chunks as they were when it stopped (`chunk_snapshot.N.M`). The log has all of that too, so this is read only where
 * the log is damaged or not there. A chunk counts whose series is known, from what is readable of the log or from the
 * snapshot.
 */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { type Labels, type Matcher, SampleColumns } from '../../model/index.ts';
import {
  addInterval,
  type Intervals,
  mergeRuns,
  removeDeleted,
  type StoredSeriesSet,
} from '../../tsdb/block/index.ts';
import { decodeChunk } from '../../tsdb/chunk/index.ts';
import {
  findChunkSnapshot,
  HEAD_CHUNKS_DIR,
  HeadChunkReader,
  HeadChunkScanner,
  headChunkFileName,
  openHeadChunkFiles,
  readChunkSnapshot,
} from '../../tsdb/head/index.ts';
import { decodeTombstones, RecordType, recordType, SeriesDecoder } from '../../tsdb/wal/index.ts';
import type { TimeRange } from '../source.ts';
import type { LogView } from './log-view.ts';

/** A chunk in a file, or, with `bytes`, one of a snapshot. */
interface ChunkPlace {
  mint: number;
  maxt: number;
  encoding: number;
  outOfOrder: boolean;
  file: number;
  offset: number;
  bytes: Uint8Array | undefined;
}

interface FileSeries {
  labels: Labels;
  chunks: ChunkPlace[];
  deleted: Intervals;
}

const NO_INTERVALS: Intervals = [];

export class HeadFiles {
  private readonly dir: string;
  private readonly fds: Map<number, number>;
  private readonly onDamage: (error: CorruptionError) => void;
  private readonly byRef = new Map<number, FileSeries>();
  private readonly byLabels = new Map<string, FileSeries>();
  /** Sorted by labels. */
  private readonly series: readonly FileSeries[];

  /** Reads which chunks there are, of the series of `log` and of the newest snapshot in `dir`. */
  constructor(dir: string, log: LogView, onDamage: (error: CorruptionError) => void) {
    this.dir = join(dir, HEAD_CHUNKS_DIR);
    this.onDamage = onDamage;
    this.readLog(log);
    this.fds = openHeadChunkFiles(this.dir);
    try {
      this.readSnapshot(dir);
      this.readChunks();
    } catch (error) {
      this.close();
      throw error;
    }
    this.series = [...this.byLabels.values()]
      .filter(({ chunks }) => chunks.length > 0)
      .sort((a, b) => a.labels.compare(b.labels));
  }

  /** Samples in order from `minTime` on, and all that came out of order, in the range. */
  select(matchers: readonly Matcher[], range: TimeRange, minTime: number): StoredSeriesSet {
    const found = this.series.filter(
      ({ labels, chunks }) =>
        chunks.some((chunk) => reaches(chunk, range, minTime)) &&
        matchers.every((matcher) => matcher.matches(labels.get(matcher.name))),
    );
    return {
      length: found.length,
      labels: (i) => found[i].labels,
      read: (i, out) => this.read(found[i], range, minTime, out),
    };
  }

  /** The series of a log, without what is deleted by records that the log has lost. */
  withoutDeleted(set: StoredSeriesSet): StoredSeriesSet {
    return {
      length: set.length,
      labels: (i) => set.labels(i),
      read: (i, out) => {
        const from = out.length;
        set.read(i, out);
        const deleted = this.byLabels.get(set.labels(i).toString())?.deleted ?? NO_INTERVALS;
        if (deleted.length > 0) removeDeleted(out, from, deleted);
      },
    };
  }

  labelNames(matchers: readonly Matcher[], range: TimeRange, minTime: number): string[] {
    const set = this.select(matchers, range, minTime);
    return Array.from({ length: set.length }, (_, i) => set.labels(i).names).flat();
  }

  labelValues(name: string, matchers: readonly Matcher[], range: TimeRange, minTime: number): string[] {
    const set = this.select(matchers, range, minTime);
    const values = Array.from({ length: set.length }, (_, i) => set.labels(i).get(name));
    return values.filter((value) => value !== '');
  }

  /** Times of the oldest and newest sample that `select` may give. */
  extent(minTime: number): TimeRange | undefined {
    let mint = Number.POSITIVE_INFINITY;
    let maxt = Number.NEGATIVE_INFINITY;
    for (const { chunks } of this.series) {
      for (const chunk of chunks) {
        if (!chunk.outOfOrder && chunk.maxt < minTime) continue;
        mint = Math.min(mint, chunk.outOfOrder ? chunk.mint : Math.max(chunk.mint, minTime));
        maxt = Math.max(maxt, chunk.maxt);
      }
    }
    return mint > maxt ? undefined : { mint, maxt };
  }

  close(): void {
    for (const fd of this.fds.values()) closeSync(fd);
    this.fds.clear();
  }

  private read(series: FileSeries, range: TimeRange, minTime: number, out: SampleColumns): void {
    const reader = new HeadChunkReader(this.dir, this.fds);
    const columns = new SampleColumns();
    for (const place of series.chunks) {
      if (!reaches(place, range, minTime)) continue;
      const mint = place.outOfOrder ? range.mint : Math.max(range.mint, minTime);
      const from = columns.length;
      try {
        if (place.bytes !== undefined) {
          decodeChunk(place.encoding, place.bytes, 0, place.bytes.length, columns, mint, range.maxt);
        } else {
          const { bytes, start, end } = reader.read(place.file, place.offset);
          decodeChunk(place.encoding, bytes, start, end, columns, mint, range.maxt);
        }
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        columns.length = from;
        this.onDamage(
          error.in({ file: join(this.dir, headChunkFileName(place.file)), offset: place.offset }),
        );
        continue;
      }
      mergeRuns(columns, 0, from);
    }
    removeDeleted(columns, 0, series.deleted);
    append(columns, out);
  }

  private readLog(log: LogView): void {
    const decoder = new SeriesDecoder();
    log.eachRecord({
      wants: (type) => type === RecordType.series || type === RecordType.tombstones,
      take: (record) => {
        if (recordType(record) === RecordType.series) {
          decoder.start(record);
          while (decoder.next()) this.know(decoder.ref, decoder.labels());
        } else {
          for (const { ref, mint, maxt } of decodeTombstones(record)) this.delete(ref, mint, maxt);
        }
      },
    });
  }

  private readSnapshot(dir: string): void {
    const place = findChunkSnapshot(dir);
    if (place === undefined) return;
    try {
      readChunkSnapshot(place, {
        series: ({ ref, labels, chunk }) => {
          const series = this.know(ref, labels);
          if (chunk === undefined) return;
          const { mint, maxt, encoding } = chunk;
          const bytes = chunk.bytes.slice();
          series.chunks.push({ mint, maxt, encoding, outOfOrder: false, file: 0, offset: 0, bytes });
        },
        tombstone: ({ ref, mint, maxt }) => this.delete(ref, mint, maxt),
      });
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.onDamage(error);
    }
  }

  private readChunks(): void {
    if (this.byRef.size === 0) return;
    for (const [file, fd] of this.fds) {
      const scanner = new HeadChunkScanner(join(this.dir, headChunkFileName(file)), fd);
      while (scanner.next()) {
        const { mint, maxt, encoding, outOfOrder, offset } = scanner;
        this.byRef
          .get(scanner.ref)
          ?.chunks.push({ mint, maxt, encoding, outOfOrder, file, offset, bytes: undefined });
      }
      // The newest file may end within a chunk that is being written.
      if (scanner.fault !== undefined && file !== Math.max(...this.fds.keys())) this.onDamage(scanner.fault);
    }
  }

  /** A label set may have several refs. */
  private know(ref: number, labels: Labels): FileSeries {
    const key = labels.toString();
    let series = this.byLabels.get(key);
    if (series === undefined)
      this.byLabels.set(key, (series = { labels, chunks: [], deleted: NO_INTERVALS }));
    this.byRef.set(ref, series);
    return series;
  }

  private delete(ref: number, mint: number, maxt: number): void {
    const series = this.byRef.get(ref);
    if (series !== undefined) series.deleted = addInterval(series.deleted, mint, maxt);
  }
}

function reaches(chunk: ChunkPlace, { mint, maxt }: TimeRange, minTime: number): boolean {
  return chunk.mint <= maxt && chunk.maxt >= (chunk.outOfOrder ? mint : Math.max(mint, minTime));
}

/** Appends all rows of `from`, whose histograms may be shared. */
function append(from: SampleColumns, out: SampleColumns): void {
  const at = out.length;
  const end = at + from.length;
  out.reserve(end);
  out.t.set(from.t.subarray(0, from.length), at);
  out.v.set(from.v.subarray(0, from.length), at);
  if (from.histograms !== null || out.histograms !== null) {
    out.histograms ??= new Array(at).fill(null);
    while (out.histograms.length < at) out.histograms.push(null);
    for (let row = 0; row < from.length; row++) out.histograms[at + row] = from.histograms?.[row] ?? null;
  }
  out.length = end;
}
