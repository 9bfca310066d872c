/**
 * The series that samples are added to, in memory: what the newest few hours of a data directory are before they
 * become blocks. This file holds the parts together, and the times that say what is in the head and what it takes;
 * what is done with them stands beside: appender.ts, selection.ts, replay.ts, collection.ts, block-image.ts.
 *
 * One thread owns a head. A commit happens in one go, so whoever selects sees whole commits.
 */
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Intervals } from '../block/index.ts';
import { LogStats, LogWriter, type LogWriterOptions } from '../wal/index.ts';
import type { LogPosition } from '../wal/log-writer.ts';
import type { ChunkStore } from './chunk-store.ts';
import { ExemplarRing } from './exemplar-ring.ts';
import type { FinishedChunks } from './finished-chunks.ts';
import { HandleTables } from './handle-tables.ts';
import { KeptRefs } from './kept-refs.ts';
import { LateChunks } from './late-chunks.ts';
import { MetadataTable } from './metadata-table.ts';
import { OpenChunks } from './open-chunks.ts';
import { SampleCounts } from './sample-counts.ts';
import { SeriesTable } from './series-table.ts';
import { SharedBuffers } from './shared-buffers.ts';

/** How far ahead of the clock Prometheus takes samples, ms. */
export const DEFAULT_MAX_AHEAD = 10 * 60 * 1000;
const DEFAULT_CHUNK_RANGE = 2 * 60 * 60 * 1000;
const DEFAULT_EXEMPLARS = 100_000;

export interface HeadOptions extends LogWriterOptions {
  clock: Clock;
  /** The shortest range of a block, ms; 2 hours unless a test wants less. */
  chunkRange?: number;
  /** How much older than the newest sample of all a sample may be that comes out of order, ms; default 0. */
  outOfOrderWindow?: number;
  /** Samples that come out of order in one chunk; default as Prometheus. */
  outOfOrderCapacity?: number;
  /** Exemplars kept. */
  maxExemplars?: number;
  /** Samples further ahead of the clock than this (ms) are refused; default as Prometheus. */
  maxAhead?: number;
  /** Where a file of chunks is full. */
  chunkFileBytes?: number;
}

/** Where the logs go on. */
export interface LogPositions {
  wal: LogPosition;
  wbl: LogPosition;
}

export class Head {
  readonly dir: string;
  readonly clock: Clock;
  readonly chunkRange: number;
  /** ms; see `setOutOfOrderWindow`. */
  outOfOrderWindow: number;
  readonly maxAhead: number;
  readonly series = new SeriesTable();
  readonly finished: FinishedChunks;
  readonly store: ChunkStore;
  readonly open: OpenChunks;
  readonly late: LateChunks;
  exemplars: ExemplarRing;
  readonly metadata = new MetadataTable();
  /** Refs that were given out. */
  readonly handles = new HandleTables();
  readonly floats = new SampleCounts();
  readonly histograms = new SampleCounts();
  /** Transactions that could not be written to the log. */
  failedWrites = 0;
  /** For large selections. */
  readonly buffers = new SharedBuffers();
  /** Selections in the making: told of a row before what the head has of it changes. */
  readonly gatherings = new Set<{ before(row: number): void }>();
  /** Deleted stretches, by row. */
  readonly deleted = new Map<number, Intervals>();
  /** Times of the oldest and newest sample that came in order; Infinity and -Infinity where there is none. */
  minTime = Number.POSITIVE_INFINITY;
  maxTime = Number.NEGATIVE_INFINITY;
  /** The same of those that came out of order. */
  minLateTime = Number.POSITIVE_INFINITY;
  maxLateTime = Number.NEGATIVE_INFINITY;
  /** Samples before this time are in blocks, or will be. */
  minValidTime = Number.NEGATIVE_INFINITY;
  /** The highest ref given out. */
  lastRef = 0;
  private clockWasAhead = false;
  /** Counts what changes the answer to whether a sample is taken. */
  changes = 0;
  /** Transactions that have begun and not ended, and the oldest time that each has a sample for. */
  readonly transactions = new Map<number, number>();
  /** Of series that it does not have, for checkpoints. */
  readonly keptRefs = new KeptRefs();
  readonly walStats = new LogStats();
  readonly wblStats = new LogStats();
  private readonly logOptions: LogWriterOptions;
  private wal: LogWriter | undefined = undefined;
  private wbl: LogWriter | undefined = undefined;
  private positions: LogPositions = { wal: { segment: 0, offset: 0 }, wbl: { segment: 0, offset: 0 } };
  private lastTransaction = 0;

  /** `finished` are the chunks that `store` has already. */
  constructor(dir: string, store: ChunkStore, finished: FinishedChunks, options: HeadOptions) {
    this.dir = dir;
    this.finished = finished;
    this.clock = options.clock;
    this.chunkRange = options.chunkRange ?? DEFAULT_CHUNK_RANGE;
    this.outOfOrderWindow = options.outOfOrderWindow ?? 0;
    this.maxAhead = options.maxAhead ?? DEFAULT_MAX_AHEAD;
    this.store = store;
    this.open = new OpenChunks(this.series, this.finished, store, this.chunkRange);
    this.late = new LateChunks(this.series, this.finished, store, options.outOfOrderCapacity);
    this.exemplars = new ExemplarRing(options.maxExemplars ?? DEFAULT_EXEMPLARS);
    this.logOptions = options;
  }

  /** Chunks that there are, open ones included. */
  get chunkCount(): number {
    return this.finished.count + this.open.count + this.late.count;
  }

  /** Chunks that there were and that are gone. */
  get goneChunks(): number {
    return this.finished.dropped + this.open.dropped;
  }

  /** The segment that the log is written to. */
  get walSegment(): number {
    return this.wal?.position.segment ?? this.positions.wal.segment;
  }

  /** The segment that the log of late samples is written to. */
  get wblSegment(): number {
    return this.wbl?.position.segment ?? this.positions.wbl.segment;
  }

  /** The newest transaction, and the oldest that has not ended: the newest, where all have. */
  get transactionBounds(): { newest: number; oldest: number } {
    const [oldest = this.lastTransaction] = this.transactions.keys();
    return { newest: this.lastTransaction, oldest };
  }

  /** The number of a new transaction; 32 bits, as the series have room for. */
  beginTransaction(): number {
    this.lastTransaction = (this.lastTransaction + 1) >>> 0 || 1;
    this.transactions.set(this.lastTransaction, Number.POSITIVE_INFINITY);
    return this.lastTransaction;
  }

  /** The oldest time of which a sample is taken in order. Blocks are cut from what is before it. */
  get appendableFrom(): number {
    return Math.max(this.minValidTime, this.maxTime - this.chunkRange / 2);
  }

  /** The newest time that the head, or a block of what came in order, is known to have. */
  get newestTime(): number {
    return Math.max(this.maxTime, this.minValidTime);
  }

  /**
   * The oldest time of which a sample is taken out of order. There always is one where the newest samples are ahead
   * of the clock, that is where the clock was set back, and until it is there again: else nothing would be taken
   * meanwhile.
   */
  lateFrom(now: number): number {
    const newest = this.newestTime;
    const from = this.outOfOrderWindow > 0 ? newest - this.outOfOrderWindow : Number.POSITIVE_INFINITY;
    if (newest > now + this.maxAhead) this.clockWasAhead = true;
    else if (newest <= now) this.clockWasAhead = false;
    return this.clockWasAhead ? Math.min(from, now - this.chunkRange / 2) : from;
  }

  /** From now on samples may be so much (ms) older than the newest one. */
  setOutOfOrderWindow(ms: number): void {
    if (ms === this.outOfOrderWindow) return;
    this.outOfOrderWindow = ms;
    this.changes++;
  }

  /** From now on so many exemplars are kept. */
  setMaxExemplars(count: number): void {
    if (count !== this.exemplars.capacity) this.exemplars = this.exemplars.resized(count);
  }

  /** Whether a block can be cut, with half a range left for what is still appended. */
  get isCuttable(): boolean {
    return this.maxTime - this.minTime > (this.chunkRange / 2) * 3;
  }

  /** Says where the logs end; they are opened when they are written to. */
  startLogs(positions: LogPositions): void {
    this.positions = positions;
  }

  /** The log. */
  walWriter(): LogWriter {
    this.wal ??= new LogWriter(join(this.dir, 'wal'), this.positions.wal, {
      ...this.logOptions,
      stats: this.walStats,
    });
    return this.wal;
  }

  /** The log of samples that came out of order. */
  wblWriter(): LogWriter {
    this.wbl ??= new LogWriter(join(this.dir, 'wbl'), this.positions.wbl, {
      ...this.logOptions,
      stats: this.wblStats,
    });
    return this.wbl;
  }

  /** From now on nothing is taken in order that is older than this (ms). */
  raiseMinValidTime(t: number): void {
    if (t <= this.minValidTime) return;
    this.minValidTime = t;
    this.changes++;
  }

  /** Begins a segment of the log, so that those before it can become a checkpoint. */
  cutWal(): void {
    this.walWriter().cut();
  }

  /** Begins a segment of the log of late samples; returns its number: the ones before it have all there was. */
  cutWbl(): number {
    this.wblWriter().cut();
    return this.wblWriter().position.segment;
  }

  /** Refs of which a checkpoint up to segment `last` must keep the records. */
  refsToKeep(last: number): Float64Array {
    const { series } = this;
    const kept = [...this.keptRefs.after(last), ...[...series.aliases.values()].flat()];
    const refs = new Float64Array(series.count + kept.length);
    let n = 0;
    for (let row = 0; row < series.rows; row++) {
      if (series.ref[row] !== 0 && series.isLogged(row)) refs[n++] = series.ref[row];
    }
    for (const ref of kept) refs[n++] = ref;
    return refs.slice(0, n);
  }

  /** There is a checkpoint up to segment `last`. */
  forgetRefs(last: number): void {
    this.keptRefs.forget(last);
  }

  /** Samples were added in [mint, maxt], in order or not. */
  noteTimes(mint: number, maxt: number, late: boolean): void {
    if (late) {
      this.minLateTime = Math.min(this.minLateTime, mint);
      this.maxLateTime = Math.max(this.maxLateTime, maxt);
    } else {
      this.minTime = Math.min(this.minTime, mint);
      this.maxTime = Math.max(this.maxTime, maxt);
    }
  }

  /** Makes what was committed survive a power failure, and closes the files. */
  close(): void {
    try {
      this.wal?.close();
    } finally {
      try {
        this.wbl?.close();
      } finally {
        this.store.close();
      }
    }
  }
}
