/**
 * What a database does from time to time, as Prometheus does it: cuts blocks of the head, makes large blocks of small
 * ones, and removes what is too old. Each step is whole by itself; after a crash at any point the next start goes on.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BlockMeta, writeBlockMeta } from '../block/index.ts';
import { planCompaction, runStepsWithPauses, tellLogStart, writeEmptied } from '../compaction/index.ts';
import { type Head, imageInOrder, imageLate, truncateHead, truncateLate } from '../head/index.ts';
import { listSegments, segmentName } from '../wal/index.ts';
import type { BlockSet } from './block-set.ts';
import { ClockWatch } from './clock-watch.ts';
import { bytesOf } from './directory-size.ts';
import { clearUnfinished } from './leftovers.ts';
import type { DatabaseMetrics } from './metrics.ts';
import { expiredBlocks, type Retention } from './retention.ts';
import { type TaskKind, type TaskRunner, type TaskTypes, WORKER_ENDED } from './tasks.ts';

/** A transaction that was begun so long ago is held to be forgotten, and is not waited for. */
const TRANSACTION_MS = 10 * 60 * 1000;

export interface MaintenanceOptions {
  retention: Retention;
  /** Lengths of blocks, ms, ascending; the first is the head's chunk range. */
  ranges: readonly number[];
  /** Compression of checkpoints. */
  compression: 'none' | 'snappy';
  tasks: TaskRunner;
  metrics: DatabaseMetrics;
  onNotice: (notice: string) => void;
}

export class Maintenance {
  private readonly dir: string;
  private readonly head: Head;
  private readonly blocks: BlockSet;
  private readonly options: MaintenanceOptions;
  private readonly watch: ClockWatch;
  private truncatedUpTo = Number.NEGATIVE_INFINITY;
  /** When blocks were last made of what came out of order, ms. */
  private lateCutAt: number;
  /** When a block could first not be cut because of a transaction, by the monotonic clock. */
  private waitingSince: number | undefined = undefined;

  constructor(dir: string, head: Head, blocks: BlockSet, options: MaintenanceOptions) {
    this.dir = dir;
    this.head = head;
    this.blocks = blocks;
    this.options = options;
    this.lateCutAt = head.clock.now();
    this.watch = new ClockWatch(head.clock);
  }

  /** Does what is due. Whoever calls it, or one of the others, has the blocks loaded anew. */
  async run(): Promise<void> {
    const { head } = this;
    head.store.tryFlush();
    let cutUpTo = Number.NEGATIVE_INFINITY;
    while (head.isCuttable) {
      const end = rangeEnd(head.minTime, head.chunkRange);
      if (!this.mayCut(end)) break;
      await this.cutBlock(end);
      cutUpTo = end;
    }
    if (cutUpTo > Number.NEGATIVE_INFINITY) await this.truncateLog(cutUpTo);
    if (cutUpTo > Number.NEGATIVE_INFINITY || this.lateIsDue) await this.cutLate();
    await this.compactBlocks();
    this.expire();
  }

  /** Makes blocks of all that the head has, whether it is due or not. */
  async cutAll(): Promise<void> {
    const { head } = this;
    while (head.minTime <= head.maxTime) {
      // Not further than there are samples: the time after them is still to come.
      await this.cutBlock(Math.min(rangeEnd(head.minTime, head.chunkRange), head.maxTime + 1));
    }
    await this.truncateLog(head.minValidTime);
    await this.cutLate();
    // Whoever asks for this may be about to delete in the blocks.
    await runStepsWithPauses(head.store.disowning());
  }

  /** Compacts blocks until there is nothing to do. */
  async compactBlocks(): Promise<void> {
    const { blocks, options } = this;
    for (;;) {
      options.metrics.triggeredCompactions.inc();
      const planned = planCompaction(this.compactable(), options.ranges);
      if (planned.length === 0) return;
      await this.compact(planned);
      this.expire();
      blocks.reload();
    }
  }

  /** Writes blocks again of which something was deleted. */
  async cleanTombstones(): Promise<void> {
    const { clock } = this.head;
    const began = clock.monotonic();
    for (const meta of this.blocks.metas) {
      if ((meta.stats?.numTombstones ?? 0) > 0) await this.compact([meta]);
    }
    this.options.metrics.cleanupSeconds.observe((clock.monotonic() - began) / 1000);
  }

  /** Removes blocks that are too old or too much. */
  expire(): void {
    const { blocks, options, dir } = this;
    const headBytes = ['wal', 'wbl', 'chunks_head'].reduce((sum, name) => sum + bytesOf(join(dir, name)), 0);
    const sizeOf = (ulid: string) => bytesOf(join(dir, ulid));
    // What the head takes may be a little ahead of the clock.
    const now = this.watch.now() + this.head.maxAhead;
    const { tooOld, tooMuch } = expiredBlocks(blocks.metas, sizeOf, headBytes, options.retention, now);
    if (tooOld.length > 0) options.metrics.timeRetentions.inc();
    if (tooMuch.length > 0) options.metrics.sizeRetentions.inc();
    const { metas } = blocks;
    const expired = new Set([...tooOld, ...tooMuch]);
    const newest = metas.find((meta) => expired.has(meta.ulid) && tellLogStart([meta], metas));
    blocks.remove([...expired].filter((ulid) => ulid !== newest?.ulid));
    if (newest === undefined || newest.stats?.numSeries === 0) return;
    writeEmptied(dir, newest, this.head.clock.now());
    blocks.reload();
  }

  /** Whether everything before `end` that was begun has ended. */
  private mayCut(end: number): boolean {
    const { head } = this;
    const now = head.clock.monotonic();
    if ([...head.transactions.values()].every((oldest) => oldest >= end)) {
      this.waitingSince = undefined;
      return true;
    }
    this.waitingSince ??= now;
    return now - this.waitingSince > TRANSACTION_MS;
  }

  /** Makes a block of what the head has before `end`, and removes it there. */
  private async cutBlock(end: number): Promise<void> {
    const { head, blocks, dir } = this;
    const { minTime: mint } = head;
    // From now on nothing of that time is taken in order.
    head.raiseMinValidTime(end);
    const image = await runStepsWithPauses(imageInOrder(head, mint, end - 1));
    const range = { mint, maxt: end, nowMs: head.clock.now(), late: false };
    await this.write('headBlock', { dir, into: dir, image, range });
    blocks.reload();
    await this.truncate(() => runStepsWithPauses(truncateHead(head, end)));
  }

  /** Makes blocks of all that came out of order. */
  async cutLate(): Promise<void> {
    const { head, blocks, dir } = this;
    if (head.minLateTime > head.maxLateTime) return;
    this.lateCutAt = head.clock.now();
    const { image, newest, ranges } = imageLate(head);
    const segment = head.cutWbl();
    const nowMs = head.clock.now();
    await this.write('lateBlocks', { dir, into: dir, image, ranges, nowMs });
    blocks.reload();
    await this.truncate(() => runStepsWithPauses(truncateLate(head, newest)));
    const { metrics } = this.options;
    metrics.lateLogTruncations.inc();
    try {
      const wbl = join(dir, 'wbl');
      for (const n of listSegments(wbl)) if (n < segment) rmSync(join(wbl, segmentName(n)));
    } catch (error) {
      metrics.failedLateLogTruncations.inc();
      throw error;
    }
  }

  /**
   * Whether what came out of order has to become blocks though nothing else has. That is so where the clock was set
   * back: all that comes is late then, until the newest sample is no longer ahead.
   */
  private get lateIsDue(): boolean {
    const { minLateTime, maxLateTime, chunkRange, clock } = this.head;
    return (
      maxLateTime - minLateTime > chunkRange * 1.5 && Math.abs(clock.now() - this.lateCutAt) >= chunkRange
    );
  }

  /** Replaces the older part of the log by a checkpoint. Samples before `mint` are in blocks. */
  private async truncateLog(mint: number): Promise<void> {
    const { head, dir, options } = this;
    if (mint <= this.truncatedUpTo) return;
    this.truncatedUpTo = mint;
    const log = join(dir, 'wal');
    head.cutWal();
    const segments = listSegments(log);
    if (segments.length < 3) return;
    // The newest is written to; of the others, the older two thirds hold little that is still of use.
    const first = segments[0];
    const last = first + Math.floor(((segments[segments.length - 2] - first) * 2) / 3);
    if (last <= first) return;
    const refs = head.refsToKeep(last);
    const { compression, metrics } = options;
    metrics.checkpoints.inc();
    metrics.logTruncations.inc();
    const began = head.clock.monotonic();
    try {
      await this.task('checkpoint', { log, segment: last, mint, refs, compression });
      // The task removes the checkpoints before its own.
      metrics.checkpointDeletions.inc();
      metrics.logTruncationSeconds.observe((head.clock.monotonic() - began) / 1000);
    } catch (error) {
      metrics.failedCheckpoints.inc();
      metrics.failedLogTruncations.inc();
      // What is in the log stays there, and the next time it is tried again.
      options.onNotice(`no checkpoint was written: ${(error as Error).message}`);
      return;
    }
    head.forgetRefs(last);
  }

  private async compact(planned: readonly BlockMeta[]): Promise<void> {
    const { head, blocks, dir, options } = this;
    const ulids = planned.map(({ ulid }) => ulid);
    if (overlap(planned)) options.metrics.verticalCompactions.inc();
    try {
      const evenEmpty = tellLogStart(planned, blocks.metas);
      const written = await this.write('compact', { dir, ulids, nowMs: head.clock.now(), evenEmpty });
      if (written === undefined) this.mark(planned, { deletable: true });
      blocks.reload();
      blocks.remove(ulids);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'corruption') throw error;
      this.mark(planned, { failed: true });
      options.onNotice(`blocks ${ulids.join(', ')} cannot be compacted: ${(error as Error).message}`);
    }
  }

  /** A task that writes blocks. */
  private async write<K extends TaskKind>(
    kind: K,
    input: TaskTypes[K]['input'],
  ): Promise<TaskTypes[K]['result']> {
    const { metrics } = this.options;
    const { clock } = this.head;
    const began = clock.monotonic();
    metrics.writingBlocks++;
    try {
      return await this.task(kind, input);
    } catch (error) {
      metrics.failedCompactions.inc();
      throw error;
    } finally {
      metrics.writingBlocks--;
      metrics.compactions.inc();
      metrics.compactionSeconds.observe((clock.monotonic() - began) / 1000);
    }
  }

  private async truncate(work: () => Promise<void>): Promise<void> {
    const { metrics } = this.options;
    const { clock } = this.head;
    const began = clock.monotonic();
    metrics.headTruncations.inc();
    try {
      await work();
      metrics.headTruncationSeconds.observe((clock.monotonic() - began) / 1000);
    } catch (error) {
      metrics.failedHeadTruncations.inc();
      throw error;
    }
  }

  private async task<K extends TaskKind>(
    kind: K,
    input: TaskTypes[K]['input'],
  ): Promise<TaskTypes[K]['result']> {
    try {
      return await this.options.tasks.run(kind, input);
    } catch (error) {
      if ((error as { code?: unknown }).code === WORKER_ENDED) clearUnfinished(this.dir);
      throw error;
    }
  }

  private mark(metas: readonly BlockMeta[], marks: Partial<BlockMeta['compaction']>): void {
    for (const meta of metas) {
      writeBlockMeta(join(this.dir, meta.ulid), { ...meta, compaction: { ...meta.compaction, ...marks } });
      this.blocks.reopen(meta.ulid);
    }
  }

  /** Overlapping blocks are compacted whatever happened to them before: those that failed must not come up again. */
  private compactable(): BlockMeta[] {
    const { metas } = this.blocks;
    return metas.filter(
      (meta) =>
        !meta.compaction.failed ||
        metas.every(
          (other) => other === meta || other.minTime >= meta.maxTime || meta.minTime >= other.maxTime,
        ),
    );
  }
}

function overlap(metas: readonly BlockMeta[]): boolean {
  return metas.some((meta, i) => i > 0 && metas.slice(0, i).some(({ maxTime }) => meta.minTime < maxTime));
}

/** The end of the range that `t` lies in. */
function rangeEnd(t: number, range: number): number {
  return Math.floor(t / range) * range + range;
}
