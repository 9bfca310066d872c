/**
 * Saves what can be read of the damaged parts of a data directory. Each part is replaced by what was saved of it in one
 * step, and the original is kept in `damaged/`, under the path that it had, which Prometheus passes over. Killed at any
 * point, it leaves each part as it was or as it shall be.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { formatPlace, InputError } from '../../errors.ts';
import { TABLE_NAME } from '../append/log-state.ts';
import { UNFINISHED_SUFFIX, verifyingBlock } from '../block/index.ts';
import {
  runStepsWithPauses,
  takeInventory,
  verifyChunkSnapshot,
  verifyingHeadChunks,
} from '../compaction/index.ts';
import { findChunkSnapshot, HEAD_CHUNKS_DIR, headChunkFileName, listHeadChunkFiles } from '../head/index.ts';
import { markWithinLog } from '../import/index.ts';
import { lockDirectory } from '../lock.ts';
import { segmentName, syncDirectory } from '../wal/index.ts';
import { type BlockSalvage, salvageBlock } from './salvage-block.ts';
import { headerBytes, salvageHeadChunks } from './salvage-head-chunks.ts';
import { replaceBySalvaged, salvageLog } from './salvage-log.ts';

/** One damaged part, and what becomes, or would become, of it. Paths are below the data directory. */
export interface Repair {
  part: 'block' | 'log' | 'head-chunks' | 'head-snapshot';
  path: string;
  /** What is damaged, for people. */
  problems: string[];
  /** What could be read. */
  saved: { series?: number; chunks?: number; records?: number; samples?: number };
  /** What could not: of blocks series and chunks, of logs and head chunks the places where something was. */
  lost: { series?: number; chunks?: number; places?: number };
  /** Nothing is lost that is nowhere else. */
  isWhole: boolean;
  /** What stands in its place; undefined where nothing could be saved. */
  written?: string;
  /** Where the original is kept. */
  kept?: string;
}

export interface RepairOptions {
  /** Only finds out; takes no lock. */
  dryRun?: boolean;
  signal?: AbortSignal;
  /** Called now and then with what is being looked at, and the part of it that is done. */
  progress?: (what: string, part: number) => void;
  onRepair?: (repair: Repair) => void;
  onNotice?: (notice: string) => void;
}

const KEPT_DIR = 'damaged';
/** Problems told of one part. */
const MAX_PROBLEMS = 20;

/**
 * Repairs the blocks, the logs and the head's files of `dir`. Returns what was done, part by part. Throws InputError
 * `locked` where somebody else writes to the directory, and the signal's reason; what was told of is done then.
 */
export async function repairDirectory(dir: string, options: RepairOptions = {}): Promise<Repair[]> {
  const { blocks } = takeInventory(dir);
  if (blocks.length === 1 && blocks[0].path === dir) {
    throw new InputError('bad_directory', 'is a single block, not a data directory', { file: dir });
  }
  const lock = options.dryRun ? undefined : lockDirectory(dir);
  try {
    for (const notice of lock?.notices ?? []) options.onNotice?.(notice);
    const work = new DirectoryRepair(dir, options);
    await work.run();
    return work.repairs;
  } finally {
    lock?.release();
  }
}

class DirectoryRepair {
  readonly repairs: Repair[] = [];
  private readonly dir: string;
  private readonly options: RepairOptions;

  constructor(dir: string, options: RepairOptions) {
    this.dir = dir;
    this.options = options;
  }

  async run(): Promise<void> {
    // The logs first: how far they reach decides what is said of blocks that lost their meta.json.
    for (const log of ['wal', 'wbl']) await this.repairLog(log);
    await this.repairHeadChunks();
    this.repairSnapshot();
    for (const { name, state } of takeInventory(this.dir).blocks) {
      if (state === 'live' || state === 'broken') await this.repairBlock(name);
    }
  }

  private async repairBlock(name: string): Promise<void> {
    const { dir, options } = this;
    const steps = verifyingBlock(join(dir, name), {
      progress: (done, total) => options.progress?.(`verifying ${name}`, done / total),
    });
    const findings = await runStepsWithPauses(steps, options.signal);
    const errors = findings.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return;
    const staging = join(dir, `repair-${name}${UNFINISHED_SUFFIX}`);
    rmSync(staging, { recursive: true, force: true });
    try {
      if (!options.dryRun) mkdirSync(staging);
      const salvaging = salvageBlock(dir, name, {
        ...(!options.dryRun && { into: staging }),
        progress: (part) => options.progress?.(`saving ${name}`, part),
      });
      const salvage = await runStepsWithPauses(salvaging, options.signal);
      const problems = errors.slice(0, MAX_PROBLEMS).map((error) => {
        const place = formatPlace({ ...error, file: relative(dir, error.file) });
        return `${place}: ${error.message}`;
      });
      const repair = blockRepair(name, salvage, [...problems, ...salvage.notes]);
      if (!options.dryRun) {
        if (salvage.after !== undefined) repair.written = this.commitBlock(staging, salvage);
        repair.kept = this.setAside(name);
      }
      this.done(repair);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }

  /** From then on the new block, which names the old one as its parent, counts alone. */
  private commitBlock(staging: string, { after, lostMeta }: BlockSalvage): string {
    const { ulid } = after!;
    if (lostMeta) markWithinLog(this.dir, [join(staging, ulid)]);
    renameSync(join(staging, ulid), join(this.dir, ulid));
    syncDirectory(this.dir);
    return ulid;
  }

  private async repairLog(log: string): Promise<void> {
    const path = join(this.dir, log);
    if (!existsSync(path)) return;
    for (const name of readdirSync(path)) {
      if (/^checkpoint\.\d+$/.test(name)) await this.repairSegments(join(log, name));
    }
    await this.repairSegments(log);
  }

  /** `log` is relative, as the paths in repairs are. */
  private async repairSegments(log: string): Promise<void> {
    const { dir, options } = this;
    const numbers = numbersIn(join(dir, log), segmentName);
    for (const [i, segment] of numbers.entries()) {
      const path = join(log, segmentName(segment));
      for (let missing = (numbers[i - 1] ?? segment - 1) + 1; missing < segment; missing++) {
        this.fillGap('log', join(log, segmentName(missing)), new Uint8Array(0));
      }
      options.progress?.(`reading ${log}`, i / numbers.length);
      const found = await runStepsWithPauses(salvageLog(join(dir, path)), options.signal);
      if (found.damages.length === 0) continue;
      const repair: Repair = {
        part: 'log',
        path,
        problems: found.damages.slice(0, MAX_PROBLEMS).map(({ message }) => message),
        saved: { records: found.records, samples: found.samples },
        lost: { places: found.damages.length },
        isWhole: isTornEnd(found.damages, i === numbers.length - 1),
      };
      if (!options.dryRun) {
        const into = join(dir, `repair-log${UNFINISHED_SUFFIX}`);
        rmSync(into, { recursive: true, force: true });
        try {
          await runStepsWithPauses(salvageLog(join(dir, path), into), options.signal);
          repair.kept = this.keepCopy(path);
          // It may know series that the log no longer has.
          rmSync(join(dir, TABLE_NAME), { force: true });
          replaceBySalvaged(into, join(dir, path));
        } finally {
          rmSync(into, { recursive: true, force: true });
        }
        syncDirectory(join(dir, log));
        repair.written = path;
      }
      this.done(repair);
    }
  }

  private async repairHeadChunks(): Promise<void> {
    const { dir, options } = this;
    const chunksDir = join(dir, HEAD_CHUNKS_DIR);
    const numbers = listHeadChunkFiles(chunksDir);
    const findings = await runStepsWithPauses(
      verifyingHeadChunks(dir, (file, files) => options.progress?.(`reading ${chunksDir}`, file / files)),
      options.signal,
    );
    for (const [i, number] of numbers.entries()) {
      for (let missing = (numbers[i - 1] ?? number - 1) + 1; missing < number; missing++) {
        this.fillGap('head-chunks', join(HEAD_CHUNKS_DIR, headChunkFileName(missing)), headerBytes());
      }
      const path = join(HEAD_CHUNKS_DIR, headChunkFileName(number));
      const own = findings.filter(({ file }) => file === join(dir, path));
      if (own.length === 0) continue;
      const into = join(dir, `${path}${UNFINISHED_SUFFIX}`);
      let repair: Repair;
      try {
        const steps = salvageHeadChunks(join(dir, path), options.dryRun ? undefined : into);
        const { chunks, damages } = await runStepsWithPauses(steps, options.signal);
        repair = {
          part: 'head-chunks',
          path,
          problems: own.slice(0, MAX_PROBLEMS).map(({ message, offset }) => `${message} at byte ${offset}`),
          saved: { chunks },
          lost: { places: damages.length },
          isWhole: own.every(({ severity }) => severity === 'warning'),
        };
        if (!options.dryRun) {
          repair.kept = this.keepCopy(path);
          renameSync(into, join(dir, path));
          syncDirectory(chunksDir);
          repair.written = path;
        }
      } finally {
        rmSync(into, { force: true });
      }
      this.done(repair);
    }
  }

  /** The log has all that is in it. */
  private repairSnapshot(): void {
    const place = findChunkSnapshot(this.dir);
    const findings = verifyChunkSnapshot(this.dir);
    if (place === undefined || findings.length === 0) return;
    const path = relative(this.dir, place.dir);
    const problems = findings.map(({ message }) => message);
    const repair: Repair = { part: 'head-snapshot', path, problems, saved: {}, lost: {}, isWhole: true };
    if (!this.options.dryRun) repair.kept = this.setAside(path);
    this.done(repair);
  }

  /** A server wants the files of a row one behind the other. */
  private fillGap(part: Repair['part'], path: string, content: Uint8Array): void {
    const repair: Repair = {
      part,
      path,
      problems: ['is missing'],
      saved: {},
      lost: { places: 1 },
      isWhole: false,
    };
    if (!this.options.dryRun) {
      const file = join(this.dir, path);
      writeFileSync(`${file}.tmp`, content);
      renameSync(`${file}.tmp`, file);
      repair.written = path;
    }
    this.done(repair);
  }

  private done(repair: Repair): void {
    this.repairs.push(repair);
    this.options.onRepair?.(repair);
  }

  /** Moves a part to where originals are kept; returns its path there. */
  private setAside(path: string): string {
    const kept = this.freePath(path);
    renameSync(join(this.dir, path), join(this.dir, kept));
    return kept;
  }

  /** Keeps a file, which is about to be replaced. */
  private keepCopy(path: string): string {
    const kept = this.freePath(path);
    try {
      linkSync(join(this.dir, path), join(this.dir, kept));
    } catch {
      copyFileSync(join(this.dir, path), join(this.dir, kept));
    }
    return kept;
  }

  private freePath(path: string): string {
    for (let n = 0; ; n++) {
      const kept = join(KEPT_DIR, n === 0 ? path : `${path}.${n}`);
      if (existsSync(join(this.dir, kept))) continue;
      mkdirSync(join(this.dir, dirname(kept)), { recursive: true });
      return kept;
    }
  }
}

function blockRepair(path: string, salvage: BlockSalvage, problems: string[]): Repair {
  const { series, chunks, samples, lostSeries, lostChunks, lostDeletions } = salvage;
  return {
    part: 'block',
    path,
    problems,
    saved: { series, chunks, samples },
    lost: { series: lostSeries, chunks: lostChunks },
    isWhole: series > 0 && lostSeries === 0 && lostChunks === 0 && !lostDeletions,
  };
}

/** What was being written when the writer was killed was not acknowledged. */
function isTornEnd(damages: readonly Error[], isLast: boolean): boolean {
  return isLast && damages.length === 1 && damages[0].message.includes('ends within a record');
}

/** Numbers of the files that are named as `nameOf` names them, ascending. */
function numbersIn(dir: string, nameOf: (n: number) => string): number[] {
  return readdirSync(dir)
    .filter((name) => /^\d+$/.test(name) && nameOf(Number(name)) === name)
    .map(Number)
    .sort((a, b) => a - b);
}
