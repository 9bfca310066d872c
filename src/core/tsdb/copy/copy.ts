/**
 * Copies samples of any sources into blocks of a data directory: series by series, a block's range after the other, in
 * memory for what a block writer holds and one series. All blocks are seen at once when the last one is complete.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Labels, type Matcher, SampleColumns } from '../../model/index.ts';
import {
  type BlockMeta,
  BlockWriter,
  makeUlid,
  mergedByLabels,
  mergeRuns,
  mergeSeriesSets,
  RenamedSeries,
  removeDeleted,
  type StoredSeriesSet,
  UNFINISHED_SUFFIX,
} from '../block/index.ts';
import { runStepsWithPauses } from '../compaction/index.ts';
import { markWithinLog } from '../import/index.ts';
import { lockDirectory } from '../lock.ts';
import { mergeReplicas } from './replicas.ts';

/** Series that get their labels between two places where others may work. */
const STEP_SERIES = 512;

/** Both inclusive, ms. */
export interface TimeRange {
  mint: number;
  maxt: number;
}

/** What is needed of `Source` (source/source.ts), which storage does not import. */
export interface SampleSource {
  select(matchers: readonly Matcher[], range: TimeRange): Promise<StoredSeriesSet>;
  /** Undefined where there are no samples. */
  extent(): Promise<TimeRange | undefined>;
}

export interface CopyOptions extends Partial<TimeRange> {
  /** Series that satisfy any of these lists; none given means all. */
  selectors?: readonly (readonly Matcher[])[];
  /** What becomes of a series' labels; null leaves it out. Those of the same labels become one. */
  map?: (labels: Labels) => Labels | null;
  /** Series of the same labels are replicas (replicas.ts) rather than parts of one series. */
  replicas?: boolean;
  /** Length of the blocks, ms; they start at multiples of it. */
  blockRange: number;
  signal?: AbortSignal;
  /** Called now and then with the part that is done, from 0 to 1, and the samples so far. */
  progress?: (part: number, samples: number) => void;
  onNotice?: (notice: string) => void;
}

export interface CopyResult {
  /** By time. */
  blocks: BlockMeta[];
  samples: number;
  /** Samples that were read: more than there are now where some occurred several times. */
  read: number;
}

/**
 * Writes the samples into new blocks of `to`, which is made where it does not exist. Throws InputError `locked` where
 * somebody else writes to it, what sources throw, and the signal's reason; the directory is then as it was.
 */
export async function copySamples(
  sources: readonly SampleSource[],
  to: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const isNew = !existsSync(to);
  mkdirSync(to, { recursive: true });
  const lock = lockDirectory(to);
  const staging = join(to, `copy-${makeUlid(Date.now())}${UNFINISHED_SUFFIX}`);
  try {
    for (const notice of lock.notices) options.onNotice?.(notice);
    mkdirSync(staging);
    const copy = new Copy(sources, staging, options);
    await copy.run();
    const blocks = copy.blocks.map(({ ulid }) => join(staging, ulid));
    markWithinLog(to, blocks);
    for (const { ulid } of copy.blocks) renameSync(join(staging, ulid), join(to, ulid));
    return { blocks: copy.blocks, samples: copy.samples, read: copy.read };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.release();
    if (isNew && readdirSync(to).length === 0) rmdirSync(to);
  }
}

class Copy {
  readonly blocks: BlockMeta[] = [];
  samples = 0;
  read = 0;
  private readonly sources: readonly SampleSource[];
  private readonly dir: string;
  private readonly options: CopyOptions;
  private readonly columns = new SampleColumns();
  /** One for each replica that a series has, as many as were ever needed. */
  private readonly replicas: SampleColumns[] = [];

  constructor(sources: readonly SampleSource[], dir: string, options: CopyOptions) {
    this.sources = sources;
    this.dir = dir;
    this.options = options;
  }

  async run(): Promise<void> {
    const { blockRange, mint = -Infinity, maxt = Infinity, signal } = this.options;
    const extents: (TimeRange | undefined)[] = [];
    for (const source of this.sources) {
      extents.push(await source.extent());
      await heard(signal);
    }
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (const extent of extents) {
      from = Math.min(from, extent?.mint ?? from);
      to = Math.max(to, extent?.maxt ?? to);
    }
    from = Math.max(from, mint);
    to = Math.min(to, maxt);
    const first = Math.floor(from / blockRange);
    const last = Math.floor(to / blockRange);
    for (let n = first; n <= last; n++) {
      const window = { mint: Math.max(from, n * blockRange), maxt: Math.min(to, (n + 1) * blockRange - 1) };
      await this.copyWindow(window, (part) => (n - first + part) / (last - first + 1));
    }
  }

  private async copyWindow(window: TimeRange, partOf: (part: number) => number): Promise<void> {
    const { selectors = [], signal } = this.options;
    const sets: StoredSeriesSet[] = [];
    for (const source of this.sources) {
      const own: StoredSeriesSet[] = [];
      for (const matchers of selectors.length === 0 ? [[]] : selectors) {
        own.push(await source.select(matchers, window));
      }
      sets.push(mergeSeriesSets(own));
      await heard(signal);
    }
    const meta = await runStepsWithPauses(this.writeBlock(sets, window, partOf), signal);
    if (meta !== undefined) this.blocks.push(meta);
  }

  private *writeBlock(
    sets: readonly StoredSeriesSet[],
    window: TimeRange,
    partOf: (part: number) => number,
  ): Generator<void, BlockMeta | undefined> {
    const total = sets.reduce((sum, set) => sum + set.length, 0);
    const writer = new BlockWriter(this.dir);
    let finished = false;
    let done = 0;
    try {
      const { map } = this.options;
      const renamed = map && (yield* renaming(sets, map));
      for (const { labels, parts } of renamed?.merged() ?? mergedByLabels(sets)) {
        this.readParts(sets, parts, window);
        this.samples += this.columns.length;
        writer.addSamples(labels, this.columns);
        done += parts.length;
        this.options.progress?.(partOf(done / total), this.samples);
        yield;
      }
      const meta = yield* writer.finishing();
      finished = true;
      return meta;
    } finally {
      if (!finished) writer.abort();
    }
  }

  /** Has in `columns` what the parts of one series have together in the window. */
  private readParts(
    sets: readonly StoredSeriesSet[],
    parts: readonly { set: number; series: number }[],
    window: TimeRange,
  ): void {
    const { columns, replicas } = this;
    columns.clear();
    if (parts.length > 1 && this.options.replicas) {
      while (replicas.length < parts.length) replicas.push(new SampleColumns());
      for (const [i, { set, series }] of parts.entries()) {
        replicas[i].clear();
        sets[set].read(series, replicas[i]);
        clip(replicas[i], 0, window);
        this.read += replicas[i].length;
      }
      mergeReplicas(replicas.slice(0, parts.length), columns);
      return;
    }
    for (const { set, series } of parts) {
      const before = columns.length;
      sets[set].read(series, columns);
      clip(columns, before, window);
      this.read += columns.length - before;
      mergeRuns(columns, 0, before);
    }
  }
}

/** All series that `map` does not leave out, under the labels that it gives them. In steps. */
function* renaming(
  sets: readonly StoredSeriesSet[],
  map: (labels: Labels) => Labels | null,
): Generator<void, RenamedSeries> {
  const renamed = new RenamedSeries(sets, map);
  for (let set = 0; set < sets.length; set++) {
    for (let series = 0; series < sets[set].length; series++) {
      const labels = map(sets[set].labels(series));
      if (labels !== null && labels.size > 0) renamed.add(labels, set, series);
      if (series % STEP_SERIES === STEP_SERIES - 1) yield;
    }
  }
  return renamed;
}

/** A source may have worked at a stretch: what was said meanwhile is heard now. Throws the signal's reason. */
async function heard(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** Takes rows out that are not in the window, from row `from` on: sources may give some more than was asked for. */
function clip(columns: SampleColumns, from: number, { mint, maxt }: TimeRange): void {
  const { t } = columns;
  if (columns.length === from || (t[from] >= mint && t[columns.length - 1] <= maxt)) return;
  removeDeleted(columns, from, [Number.NEGATIVE_INFINITY, mint - 1, maxt + 1, Number.POSITIVE_INFINITY]);
}
