/**
 * A data directory as a source: its blocks and its log, ours or Prometheus', also while a server writes to it. What
 * is read is what was there when the directory was opened. Nothing is written, and no lock is needed.
 *
 * Samples that the newest block covers are read from blocks alone, as Prometheus does after a start, so that what
 * was deleted there does not come back from the log.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError, InputError } from '../errors.ts';
import { compareStrings } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Metadata } from '../model/metadata.ts';
import {
  askingEach,
  BlockReader,
  inOrderEnd,
  isUlid,
  mergeSeriesSets,
  mergingReadable,
  type OnDamage,
  type PlacedSet,
  type StoredSeriesSet,
} from '../tsdb/block/index.ts';
import { runSteps, runStepsWithPauses } from '../tsdb/compaction/index.ts';
import { PageCache, SeriesCache } from '../tsdb/index/index.ts';
import { HeadFiles } from './log/head-files.ts';
import { logExemplars, logExtent, logMetadata } from './log/log-facts.ts';
import { LogSeriesSet } from './log/log-series-set.ts';
import { LogStore } from './log/log-store.ts';
import { LogView } from './log/log-view.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from './source.ts';

export interface DirectoryOptions {
  /**
   * Called for each fault; the rest is then read without the block, or the part of the log, that has it. Without
   * this, faults are thrown.
   */
  onDamage?: (error: CorruptionError) => void;
}

/** What is kept of the files, of all blocks together: pages as they are, and what the indexes say of single series. */
const PAGES_BUDGET_BYTES = 128 * 1024 * 1024;
const SERIES_BUDGET_BYTES = 64 * 1024 * 1024;

/** How often opening starts again where a server removes what was just listed. */
const OPEN_ATTEMPTS = 10;

/** Whether there is a data directory or a single block at `path`. */
export function isDataDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

export class DirectorySource implements Source {
  private readonly blocks: readonly BlockReader[];
  private readonly dir: string;
  private readonly log: LogView | undefined;
  private readonly logStore: LogStore | undefined;
  /** What stands in for the part of the log that cannot be read; opened when that is known. */
  private headFiles: HeadFiles | undefined = undefined;
  private readonly onDamage: ((error: CorruptionError) => void) | undefined;
  private readonly pages = new PageCache(PAGES_BUDGET_BYTES);
  private readonly series = new SeriesCache(SERIES_BUDGET_BYTES);
  /** Where blocks of samples that came in order end. */
  private readonly minTime: number;

  /** Opens a data directory, or a single block. Throws InputError `not_found`, or CorruptionError. */
  constructor(dir: string, options: DirectoryOptions = {}) {
    if (!existsSync(dir)) throw new InputError('not_found', 'no such directory', { file: dir });
    if (!statSync(dir).isDirectory()) throw new InputError('not_found', 'not a directory', { file: dir });
    this.dir = dir;
    this.onDamage = options.onDamage;
    if (existsSync(join(dir, 'meta.json'))) {
      this.blocks = [new BlockReader(dir, this.pages, this.series)];
      this.log = undefined;
      this.logStore = undefined;
      this.minTime = Number.POSITIVE_INFINITY;
      return;
    }
    // The log first: what a server moves from it into a block meanwhile is then read twice, and never missed.
    this.log = new LogView(dir, options.onDamage);
    try {
      this.blocks = this.openBlocks(dir);
    } catch (error) {
      this.log.close();
      throw error;
    }
    this.minTime = this.blocks.reduce(
      (end, { meta }) => Math.max(end, inOrderEnd(meta)),
      Number.NEGATIVE_INFINITY,
    );
    this.logStore = new LogStore(this.log, this.minTime);
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const sets: PlacedSet[] = this.ofBlocks(hints, function* (block) {
      yield;
      return { dir: block.dir, set: block.select(matchers, hints.mint, hints.maxt) };
    });
    for (const set of this.logSets(matchers, hints)) sets.push({ dir: join(this.dir, 'wal'), set });
    // With pauses, so that a command that has to clear up hears of a signal.
    const merged = await runStepsWithPauses(mergingReadable(sets, this.report));
    return limited(merged, hints.limit ?? 0);
  }

  /**
   * What the blocks do not have: the log alone, and what the head keeps beside it. `blocks` are the directories of the
   * others. Together they are what was there at one moment, for as long as the blocks are.
   */
  get beyondBlocks(): { blocks: string[]; log: Pick<Source, 'select' | 'extent'> } {
    return {
      blocks: this.blocks.map(({ dir }) => dir),
      log: {
        select: async (matchers, hints) => mergeSeriesSets(this.logSets(matchers, hints)),
        extent: async () => extentOf(this.logExtents()),
      },
    };
  }

  async labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const names = new Set(this.ofBlocks(range, (block) => block.labelNames(matchers)).flat());
    for (const name of this.logLabels(matchers, range)?.names() ?? []) names.add(name);
    for (const name of this.restOfHead()?.labelNames(matchers, range, this.minTime) ?? []) names.add(name);
    return [...names].sort(compareStrings);
  }

  async labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const values = new Set(this.ofBlocks(range, (block) => block.labelValues(name, matchers)).flat());
    for (const value of this.logLabels(matchers, range)?.values(name) ?? []) values.add(value);
    for (const value of this.restOfHead()?.labelValues(name, matchers, range, this.minTime) ?? [])
      values.add(value);
    return [...values].sort(compareStrings);
  }

  async metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    return this.log === undefined ? new Map() : logMetadata(this.log, metric);
  }

  async exemplars(matchers: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]> {
    return this.log === undefined ? [] : logExemplars(this.log, matchers, range);
  }

  async extent(): Promise<TimeRange | undefined> {
    const blocks = this.blocks.map(({ meta }) => ({ mint: meta.minTime, maxt: meta.maxTime - 1 }));
    return extentOf([...this.logExtents(), ...blocks]);
  }

  async close(): Promise<void> {
    for (const block of this.blocks) block.close();
    this.log?.close();
    this.headFiles?.close();
  }

  private logSets(matchers: readonly Matcher[], hints: SelectHints): StoredSeriesSet[] {
    if (this.log === undefined || (!this.log.empty && this.log.blank)) return [];
    // Where there is no log at all, the head may have left other files.
    const log = this.log.empty ? undefined : this.logStore!.select(matchers, hints);
    const rest = this.restOfHead();
    const sets: StoredSeriesSet[] = [];
    if (log !== undefined) sets.push(rest === undefined ? log : rest.withoutDeleted(log));
    if (rest !== undefined) sets.push(rest.select(matchers, hints, this.minTime));
    return sets;
  }

  private logExtents(): (TimeRange | undefined)[] {
    if (this.log === undefined) return [];
    return [logExtent(this.log, this.minTime), this.restOfHead()?.extent(this.minTime)];
  }

  /** Chunks that the head wrote beside its log, where passes over the log found that it does not have everything. */
  private restOfHead(): HeadFiles | undefined {
    const { log } = this;
    if (log === undefined || !(log.empty || log.damaged)) return undefined;
    this.headFiles ??= new HeadFiles(this.dir, log, this.report);
    return this.headFiles;
  }

  private logLabels(matchers: readonly Matcher[], { mint, maxt }: TimeRange): LogSeriesSet | undefined {
    if (this.log === undefined || this.log.empty) return undefined;
    return new LogSeriesSet(this.log, matchers, { mint, maxt, minTime: this.minTime, labelsOnly: true });
  }

  private readonly report: OnDamage = (error) => {
    if (this.onDamage === undefined) throw error;
    this.onDamage(error);
  };

  /** What `ask` says of each block in the range; those that are too damaged to say are left out. */
  private ofBlocks<T>(range: TimeRange, ask: (block: BlockReader) => Generator<void, T>): T[] {
    return runSteps(askingEach(this.blocksIn(range), ask, this.report));
  }

  private blocksIn({ mint, maxt }: TimeRange): BlockReader[] {
    return this.blocks.filter(({ meta }) => meta.minTime <= maxt && meta.maxTime > mint);
  }

  /** Blocks by time, without those that a newer one was made from. */
  private openBlocks(dir: string): BlockReader[] {
    for (let attempt = 1; ; attempt++) {
      const blocks: BlockReader[] = [];
      try {
        for (const name of readdirSync(dir).filter(isUlid)) {
          this.openBlock(join(dir, name), blocks, attempt === OPEN_ATTEMPTS);
        }
        const replaced = new Set(
          blocks.flatMap(({ meta }) => (meta.compaction.parents ?? []).map(({ ulid }) => ulid)),
        );
        for (const block of blocks) if (replaced.has(block.meta.ulid)) block.close();
        return blocks
          .filter((block) => !replaced.has(block.meta.ulid))
          .sort((a, b) => a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime);
      } catch (error) {
        for (const block of blocks) block.close();
        // Removed between listing and opening: what it was compacted into is there by now.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  private openBlock(path: string, blocks: BlockReader[], lastAttempt: boolean): void {
    try {
      const block = new BlockReader(path, this.pages, this.series);
      blocks.push(block);
      // A server may compact it away while it is read.
      block.hold();
    } catch (error) {
      const { code, path: missing } = error as NodeJS.ErrnoException;
      let fault = error;
      if (code === 'ENOENT' && lastAttempt) {
        fault = new CorruptionError('belongs to the block and is not there', { file: missing ?? path });
      }
      if (!(fault instanceof CorruptionError) || this.onDamage === undefined) throw fault;
      this.onDamage(fault);
    }
  }
}

function limited(set: StoredSeriesSet, limit: number): SeriesSet {
  if (limit === 0 || set.length <= limit) return set;
  return { length: limit, labels: (i) => set.labels(i), read: (i, out) => set.read(i, out) };
}

/** From the first to the last of all of them; undefined where there is none. */
function extentOf(extents: readonly (TimeRange | undefined)[]): TimeRange | undefined {
  let mint = Number.POSITIVE_INFINITY;
  let maxt = Number.NEGATIVE_INFINITY;
  for (const extent of extents) {
    if (extent === undefined) continue;
    mint = Math.min(mint, extent.mint);
    maxt = Math.max(maxt, extent.maxt);
  }
  return mint > maxt ? undefined : { mint, maxt };
}
