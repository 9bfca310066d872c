/**
 * A data directory that is written to: the head with its logs, the blocks, and what keeps them in order. One process
 * has it open at a time; the directory is Prometheus' own format at every moment, so that the two can take turns.
 *
 * The owner calls `maintain` every minute or so (or `run` once). Heavy work goes to the task runner, a worker thread in
 * a server; what stays here is done in pieces of some milliseconds.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { CorruptionError } from '../../errors.ts';
import type { Matcher } from '../../model/matcher.ts';
import { blockRanges, runStepsWithPauses, takeInventory } from '../compaction/index.ts';
import {
  deleteFromHead,
  type Head,
  HeadAppender,
  listChunkSnapshots,
  replayHead,
  truncateHead,
} from '../head/index.ts';
import { type DirectoryLock, lockDirectory } from '../lock.ts';
import { BlockSet } from './block-set.ts';
import { bytesOf, Maintenance } from './maintenance.ts';
import { DatabaseReader } from './reader.ts';
import { snapshotDatabase } from './snapshot.ts';
import { inlineTasks, type TaskRunner } from './tasks.ts';

const DAY = 24 * 60 * 60 * 1000;
const DEFAULT_MIN_RANGE = 2 * 60 * 60 * 1000;
/** Prometheus' longest block is a tenth of the retention time, but not more than this. */
const MAX_RANGE = 31 * DAY;
const MAINTENANCE_MS = 60 * 1000;

export interface DatabaseOptions {
  clock: Clock;
  /** How long samples are kept, ms; 0 (the default) for ever. */
  retentionMs?: number;
  /** How much the directory may hold, bytes; 0 (the default) without limit. */
  retentionBytes?: number;
  /** How much older than the newest sample one may be that comes out of order, ms; default 0. */
  outOfOrderWindow?: number;
  /** Exemplars kept in memory. */
  maxExemplars?: number;
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

export class Database {
  readonly dir: string;
  readonly head: Head;
  private readonly clock: Clock;
  private readonly blocks: BlockSet;
  private readonly maintenance: Maintenance;
  private readonly tasks: TaskRunner;
  private readonly lock: DirectoryLock;
  private readonly onNotice: (notice: string) => void;
  /** The last of the works that must not overlap. */
  private work: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    dir: string,
    lock: DirectoryLock,
    head: Head,
    blocks: BlockSet,
    maintenance: Maintenance,
    options: DatabaseOptions,
  ) {
    this.dir = dir;
    this.lock = lock;
    this.head = head;
    this.blocks = blocks;
    this.maintenance = maintenance;
    this.clock = options.clock;
    this.tasks = options.tasks ?? inlineTasks;
    this.onNotice = options.onNotice ?? (() => {});
  }

  /**
   * Opens `dir`, which is made where it does not exist. Rejects with InputError `locked` where somebody else writes to
   * it, and with CorruptionError where a checkpoint of its log is damaged.
   */
  static async open(dir: string, options: DatabaseOptions): Promise<Database> {
    const onNotice = options.onNotice ?? (() => {});
    const minRange = options.minBlockRange ?? DEFAULT_MIN_RANGE;
    mkdirSync(join(dir, 'wal'), { recursive: true });
    const lock = lockDirectory(dir);
    const blocks = new BlockSet(dir, onNotice);
    let opened: Head | undefined;
    try {
      for (const notice of lock.notices) onNotice(notice);
      clearAway(dir);
      blocks.reload();
      const opening = replayHead(dir, blocks.inOrderEnd, { ...options, chunkRange: minRange });
      const { head, notices } = await runStepsWithPauses(opening);
      opened = head;
      for (const notice of notices) onNotice(notice);
      // The log has all of it, and goes on from here; whoever found the snapshot later would take what is old for new.
      for (const snapshot of listChunkSnapshots(dir)) rmSync(snapshot.dir, { recursive: true });
      await runStepsWithPauses(truncateHead(head, blocks.inOrderEnd));
      const { retentionMs: maxAge = 0, retentionBytes: maxBytes = 0 } = options;
      const longest = options.maxBlockRange ?? (maxAge > 0 ? Math.min(maxAge / 10, MAX_RANGE) : MAX_RANGE);
      const maintenance = new Maintenance(dir, head, blocks, {
        retention: { maxAge, maxBytes },
        ranges: blockRanges(longest, minRange),
        compression: options.compression ?? 'snappy',
        tasks: options.tasks ?? inlineTasks,
        onNotice,
      });
      return new Database(dir, lock, head, blocks, maintenance, options);
    } catch (error) {
      opened?.close();
      await blocks.close();
      lock.release();
      throw error;
    }
  }

  /** An Appender (source/source.ts), with transactions of its own. */
  appender(): HeadAppender {
    return new HeadAppender(this.head);
  }

  /** A Source (source/source.ts) for one query; whoever asks for it closes it. */
  reader(onDamage?: (error: CorruptionError) => void): DatabaseReader {
    return new DatabaseReader(this.head, this.blocks, onDamage ?? ((error) => this.onNotice(error.message)));
  }

  /** Cuts and compacts blocks and removes old ones, where that is due. */
  maintain(): Promise<void> {
    return this.alone(() => this.maintenance.run());
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
    return this.alone(async () => {
      await this.maintenance.cutAll();
      await this.maintenance.compactBlocks();
    });
  }

  /**
   * Deletes what the series for which every matcher holds have in [mint, maxt] (ms, both inclusive). The samples are
   * no longer given; their space is freed by `cleanTombstones`, or by compaction in time. Resolves with the number of
   * series, counted in each block and the head.
   */
  delete(matchers: readonly Matcher[], mint: number, maxt: number): Promise<number> {
    return this.alone(async () => {
      let series = deleteFromHead(this.head, matchers, mint, maxt);
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
    return this.alone(() => this.maintenance.cleanTombstones());
  }

  /**
   * Makes a copy of the database as it is now, as blocks in the new directory `into`: links to the blocks that there
   * are (copies, on another file system), and, unless `withHead` is false, blocks of what the head has.
   */
  snapshot(into: string, withHead = true): Promise<void> {
    return this.alone(() =>
      snapshotDatabase(this.dir, into, this.blocks, withHead ? this.head : undefined, this.tasks),
    );
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

  /** Ends the work in progress, makes what was committed survive a power failure, and lets others write. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.work.catch(() => {});
    try {
      this.head.close();
    } finally {
      await this.blocks.close();
      this.lock.release();
    }
  }

  /** Does some work when all that was asked for before is done. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new Error('the database is closed'));
    const result = this.work.then(work, work);
    this.work = result.catch(() => {});
    return result;
  }
}

/** Removes what unfinished work left: we have the lock, so nobody is at it. */
function clearAway(dir: string): void {
  const checkpoints = readdirSync(join(dir, 'wal')).filter((name) => /^checkpoint\..*\.tmp$/.test(name));
  const unfinished = checkpoints.map((name) => join(dir, 'wal', name));
  for (const path of [...takeInventory(dir).leftovers, ...unfinished]) {
    rmSync(path, { recursive: true, force: true });
  }
}
