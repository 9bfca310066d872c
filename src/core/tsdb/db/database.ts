/**
 * A data directory that is written to: the head with its logs, the blocks, and what keeps them in order. One process
 * has it open at a time; the directory is Prometheus' own format at every moment, so that the two can take turns.
 *
 * The owner calls `maintain` every minute or so (or `run` once). Heavy work goes to the task runner, a worker thread in
 * a server; what stays here is done in pieces of some milliseconds.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { type CorruptionError, InputError } from '../../errors.ts';
import type { MetricFamily } from '../../model/family.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { BlockMeta } from '../block/index.ts';
import { blockRanges, runStepsWithPauses } from '../compaction/index.ts';
import {
  DEFAULT_MAX_AHEAD,
  deleteFromHead,
  type Head,
  type HeadCardinality,
  hasLateSamples,
  headCardinality,
  listChunkSnapshots,
  noProgress,
  type ReplayProgress,
  replayHead,
  truncateHead,
} from '../head/index.ts';
import { type DirectoryLock, lockDirectory } from '../lock.ts';
import { BlockSet } from './block-set.ts';
import { bytesOf } from './directory-size.ts';
import { type DatabaseAppender, EarlyCommits } from './early-appender.ts';
import { clearLeftovers } from './leftovers.ts';
import { Maintenance } from './maintenance.ts';
import { DatabaseMetrics } from './metrics.ts';
import { DatabaseReader } from './reader.ts';
import type { Retention } from './retention.ts';
import { snapshotDatabase } from './snapshot.ts';
import { inlineTasks, type TaskRunner } from './tasks.ts';

const DAY = 24 * 60 * 60 * 1000;
const DEFAULT_MIN_RANGE = 2 * 60 * 60 * 1000;
/** Prometheus' longest block is a tenth of the retention time, but not more than this. */
const MAX_RANGE = 31 * DAY;
/** Messages about damage that are remembered, so as not to be said again. */
const MAX_TOLD = 1000;
const MAINTENANCE_MS = 60 * 1000;

/** What may change while the database is open. */
export interface DatabaseLimits {
  /** How long samples are kept, ms; 0 for ever. */
  retentionMs: number;
  /** How much the directory may hold, bytes; 0 without limit. */
  retentionBytes: number;
  /** How much older than the newest sample one may be that comes out of order, ms. */
  outOfOrderWindow: number;
  /** Exemplars kept in memory. */
  maxExemplars: number;
}

/** Of the limits, all are 0 by default but that of exemplars. */
export interface DatabaseOptions extends Partial<DatabaseLimits> {
  clock: Clock;
  /** Samples further ahead of the clock (ms) are refused; default 10 minutes. */
  maxAhead?: number;
  /** The shortest and the longest block, ms. */
  minBlockRange?: number;
  maxBlockRange?: number;
  /** Of the log; default snappy. */
  compression?: 'none' | 'snappy';
  /** Where segments of the log, and files of chunks, are full. */
  segmentBytes?: number;
  chunkFileBytes?: number;
  /** Where heavy work is done; by default in this thread. */
  tasks?: TaskRunner;
  /** What people should know: what was found damaged, what was mended, what could not be done. */
  onNotice?: (notice: string) => void;
}

/** For those who watch. */
export interface DatabaseStats {
  series: number;
  /** Series whose newest sample is a stale marker. */
  staleSeries: number;
  /** Finished chunks of the head. */
  headChunks: number;
  /** Times of the oldest and newest sample in the head, ms; Infinity and -Infinity where there is none. */
  headMinTime: number;
  headMaxTime: number;
  labelPairs: number;
  blocks: number;
  brokenBlocks: number;
  blockBytes: number;
  logBytes: number;
}

/** What there is when the log was read. */
interface Inside {
  head: Head;
  maintenance: Maintenance;
}

export class Database {
  readonly dir: string;
  /** Resolves when the log was read. Where that fails, the database is closed. */
  readonly ready: Promise<void>;
  private readonly clock: Clock;
  private readonly blocks: BlockSet;
  private readonly tasks: TaskRunner;
  private readonly lock: DirectoryLock;
  private readonly onNotice: (notice: string) => void;
  private readonly early: EarlyCommits;
  private readonly retention: Retention;
  private readonly metrics: DatabaseMetrics;
  private readonly progress = noProgress();
  private readonly closing = new AbortController();
  private readonly told = new Set<string>();
  private inside: Inside | undefined = undefined;
  /** The last of the works that must not overlap; never rejects. */
  private work: Promise<unknown>;
  private isClosed = false;

  private constructor(
    dir: string,
    lock: DirectoryLock,
    blocks: BlockSet,
    options: DatabaseOptions,
    cleanStart: boolean,
  ) {
    this.dir = dir;
    this.lock = lock;
    this.blocks = blocks;
    this.clock = options.clock;
    this.tasks = options.tasks ?? inlineTasks;
    this.onNotice = options.onNotice ?? (() => {});
    this.retention = { maxAge: options.retentionMs ?? 0, maxBytes: options.retentionBytes ?? 0 };
    const { retention } = this;
    this.metrics = new DatabaseMetrics({ dir, blocks, head: () => this.inside?.head, retention, cleanStart });
    this.early = new EarlyCommits(options.clock, options.maxAhead ?? DEFAULT_MAX_AHEAD);
    this.ready = this.readLog(options);
    this.work = this.ready.catch(() => {});
  }

  /**
   * Opens `dir`, which is made where it does not exist. Rejects with InputError `locked` where somebody else writes to
   * it, and with CorruptionError where a checkpoint of its log is damaged.
   */
  static async open(dir: string, options: DatabaseOptions): Promise<Database> {
    const db = Database.begin(dir, options);
    await db.ready;
    return db;
  }

  /**
   * As `open`, without waiting for the log to be read, which goes on in pieces of some milliseconds: `ready` tells when
   * it is, and rejects where `open` would. Until then `appender` and `close` work, and `maintain` and its like wait.
   * Throws InputError `locked`.
   */
  static begin(dir: string, options: DatabaseOptions): Database {
    mkdirSync(join(dir, 'wal'), { recursive: true });
    const clean = !existsSync(join(dir, 'lock'));
    const lock = lockDirectory(dir);
    try {
      const onNotice = options.onNotice ?? (() => {});
      for (const notice of lock.notices) onNotice(notice);
      clearLeftovers(dir);
      const blocks = new BlockSet(dir, onNotice);
      blocks.reload();
      return new Database(dir, lock, blocks, options, clean);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The newest samples. Throws InputError `not_ready` while the log is being read. */
  get head(): Head {
    return this.opened.head;
  }

  /** Where the newest block ends, ms: what is before it may be in a file. -Infinity without blocks. */
  get blocksEnd(): number {
    return this.blocks.end;
  }

  /** How far the reading of the log is, or was when it ended. */
  get replayProgress(): Readonly<ReplayProgress> {
    return this.progress;
  }

  /**
   * An Appender (source/source.ts), with transactions of its own. While the log is being read it keeps in memory what
   * is committed (early-appender.ts).
   */
  appender(): DatabaseAppender {
    return this.early.appender();
  }

  /**
   * A Source (source/source.ts) for one query; whoever asks for it closes it. Throws InputError `not_ready` while the
   * log is being read.
   */
  reader(onDamage?: (error: CorruptionError) => void): DatabaseReader {
    return new DatabaseReader(this.head, this.blocks, (error) => {
      this.metrics.damageFound.inc();
      if (onDamage !== undefined) onDamage(error);
      else this.tell(error);
    });
  }

  /** Sets the limits anew; those of the head when the log was read. */
  setLimits({ retentionMs, retentionBytes, outOfOrderWindow, maxExemplars }: DatabaseLimits): void {
    this.retention.maxAge = retentionMs;
    this.retention.maxBytes = retentionBytes;
    const apply = () => {
      this.inside?.head.setOutOfOrderWindow(outOfOrderWindow);
      this.inside?.head.setMaxExemplars(maxExemplars);
    };
    if (this.inside === undefined) this.ready.then(apply, () => {});
    else apply();
  }

  /** Cuts and compacts blocks and removes old ones, where that is due. */
  maintain(): Promise<void> {
    return this.alone(({ maintenance }) => maintenance.run());
  }

  /** Calls `maintain` every minute until the signal aborts. What goes wrong is told, and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.maintain();
      } catch (error) {
        this.onNotice(`maintenance failed: ${(error as Error).message}`);
      }
      await this.clock.sleep(MAINTENANCE_MS, signal).catch(() => {});
    }
  }

  /** Makes blocks of all that is in the head, and compacts what can be. */
  compact(): Promise<void> {
    return this.alone(async ({ maintenance }) => {
      await maintenance.cutAll();
      await maintenance.compactBlocks();
    });
  }

  /**
   * Deletes what the series for which every matcher holds have in [mint, maxt] (ms, both inclusive). The samples are
   * no longer given; their space is freed by `cleanTombstones`, or by compaction in time. Resolves with the number of
   * series, counted in each block and the head.
   */
  delete(matchers: readonly Matcher[], mint: number, maxt: number): Promise<number> {
    return this.alone(async ({ head, maintenance }) => {
      if (hasLateSamples(head, matchers, mint, maxt)) await maintenance.cutLate();
      await runStepsWithPauses(head.store.disowning());
      let series = deleteFromHead(head, matchers, mint, maxt);
      const plain = matchers.map(({ type, name, value }) => [type, name, value] as const);
      for (const { ulid, minTime, maxTime } of this.blocks.metas) {
        if (minTime > maxt || maxTime <= mint) continue;
        const dir = join(this.dir, ulid);
        const found = await this.tasks.run('deleteFromBlock', { dir, matchers: plain, mint, maxt });
        if (found > 0) this.blocks.reopen(ulid);
        series += found;
      }
      return series;
    });
  }

  /** Writes the blocks again of which something was deleted. */
  cleanTombstones(): Promise<void> {
    return this.alone(({ maintenance }) => maintenance.cleanTombstones());
  }

  /**
   * Makes a copy of the database as it is now, as blocks in the new directory `into`: links to the blocks that there
   * are (copies, on another file system), and, unless `skipHead` is set, blocks of what the head has.
   */
  snapshot(into: string, { skipHead = false } = {}): Promise<void> {
    return this.alone(({ head }) =>
      snapshotDatabase(this.dir, into, this.blocks, skipHead ? undefined : head, this.tasks),
    );
  }

  /** Blocks that can be read, by time, with what their files take. */
  blockList(): { meta: BlockMeta; sizeBytes: number }[] {
    return this.blocks.metas.map((meta) => ({ meta, sizeBytes: bytesOf(join(this.dir, meta.ulid)) }));
  }

  /**
   * What the head has most of, with at most `limit` entries a list. Counted in pieces of some milliseconds. Rejects
   * with InputError `not_ready`.
   */
  async cardinality(limit = 10): Promise<HeadCardinality> {
    return runStepsWithPauses(headCardinality(this.head, limit));
  }

  /** What the database counts of itself, as `prometheus_tsdb_…`. */
  families(): MetricFamily[] {
    return this.metrics.families();
  }

  stats(): DatabaseStats {
    const { head, blocks, dir } = this;
    return {
      series: head.series.count,
      staleSeries: head.series.staleCount,
      headChunks: head.finished.count,
      headMinTime: head.minTime,
      headMaxTime: head.maxTime,
      labelPairs: head.series.sets.pairCount,
      blocks: blocks.metas.length,
      brokenBlocks: blocks.brokenCount,
      blockBytes: blocks.metas.reduce((sum, { ulid }) => sum + bytesOf(join(dir, ulid)), 0),
      logBytes: bytesOf(join(dir, 'wal')) + bytesOf(join(dir, 'wbl')),
    };
  }

  /**
   * Ends the work in progress, makes what was committed survive a power failure, and lets others write. Where the log
   * is still being read, that ends, too, and what was committed meanwhile is lost.
   */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closing.abort();
    await this.work.catch(() => {});
    try {
      this.inside?.head.close();
    } finally {
      await this.release();
    }
  }

  /** Says of damage what it is, once, though every query may meet it. */
  private tell({ message }: CorruptionError): void {
    if (this.told.has(message)) return;
    if (this.told.size >= MAX_TOLD) this.told.clear();
    this.told.add(message);
    this.onNotice(message);
  }

  private get opened(): Inside {
    if (this.inside === undefined) {
      throw new InputError('not_ready', 'the log is still being read', { file: this.dir });
    }
    return this.inside;
  }

  private async readLog(options: DatabaseOptions): Promise<void> {
    const { dir, blocks, onNotice, tasks, early, metrics } = this;
    const began = this.clock.monotonic();
    let unfinished: Head | undefined;
    const pausing = <T>(steps: Generator<void, T>) => runStepsWithPauses(steps, this.closing.signal);
    try {
      const minRange = options.minBlockRange ?? DEFAULT_MIN_RANGE;
      const headOptions = {
        ...options,
        chunkRange: minRange,
        onSyncFailure: ({ message }: Error) =>
          onNotice(`a segment of the log could not be synced: ${message}`),
      };
      const opening = replayHead(dir, blocks.inOrderEnd, headOptions, this.progress);
      const { head, notices, damagedLogs, damagedChunkFiles } = await pausing(opening);
      unfinished = head;
      metrics.logCorruptions.inc(damagedLogs);
      metrics.headChunkCorruptions.inc(damagedChunkFiles);
      for (const notice of notices) onNotice(notice);
      // The log has all of it, and goes on from here; whoever found the snapshot later would take what is old for new.
      for (const snapshot of listChunkSnapshots(dir)) rmSync(snapshot.dir, { recursive: true });
      await pausing(truncateHead(head, blocks.inOrderEnd));
      const onLoss = (error: Error, samples: number) =>
        onNotice(`${samples} samples that came while the log was read are lost: ${error.message}`);
      await pausing(early.handOver(head, onLoss));
      metrics.replaySeconds = (this.clock.monotonic() - began) / 1000;
      const { maxAge } = this.retention;
      const longest = options.maxBlockRange ?? (maxAge > 0 ? Math.min(maxAge / 10, MAX_RANGE) : MAX_RANGE);
      const maintenance = new Maintenance(dir, head, blocks, {
        retention: this.retention,
        ranges: blockRanges(longest, minRange),
        compression: options.compression ?? 'snappy',
        tasks,
        metrics,
        onNotice,
      });
      this.inside = { head, maintenance };
    } catch (error) {
      unfinished?.close();
      if (!this.isClosed) {
        this.isClosed = true;
        await this.release();
      }
      throw error;
    }
  }

  private async release(): Promise<void> {
    await this.blocks.close();
    this.lock.release();
  }

  /**
   * Does some work when all that was asked for before is done, with the blocks that there are now: one whose writing
   * failed in the last moment may be among them, and must not miss what is deleted.
   */
  private alone<T>(work: (inside: Inside) => Promise<T>): Promise<T> {
    if (this.isClosed) return Promise.reject(new Error('the database is closed'));
    const before = this.work;
    const result = this.ready
      .then(() => before)
      .then(() => {
        this.blocks.reload();
        return work(this.opened);
      });
    this.work = result.catch(() => {});
    return result;
  }
}
