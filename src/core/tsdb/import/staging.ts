/**
 * Where an import keeps what is not finished: a folder in the data directory that nobody takes for a block, with the
 * blocks written so far and a note of how much of the input is in them. So an import that was cut short goes on where
 * it was, and nothing of it is seen before all is there.
 *
 *     import-<what is imported, hashed>.tmp-for-creation/
 *       progress.json     the note
 *       run-1/<block>/    blocks of the first stretch of input, and so on
 *       joined/<block>/   blocks of several stretches, made of the above
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type BlockMeta, readBlockMeta, UNFINISHED_SUFFIX } from '../block/index.ts';

const NOTE = 'progress.json';
const VERSION = 1;

/** Where in the input to go on. */
export interface InputPosition {
  /** Index of the input, and the byte at which a line starts. */
  input: number;
  offset: number;
  /** What the format was found to be. */
  format?: string;
  /** Lines that tell the parser what it knew there. */
  context?: string;
}

export interface ImportCounts {
  /** Samples in the blocks. */
  samples: number;
  /** Samples left out: another one of their series has the same time and the same value, or another value. */
  repeated: number;
  conflicting: number;
  /** What came with samples and has no place in blocks. */
  exemplars: number;
  startTimestamps: number;
}

interface ImportNote {
  version: number;
  /** Finished runs. */
  runs: number;
  next: InputPosition;
  /** Of the finished runs. */
  counts: ImportCounts;
  /** Set when all is read: blocks to move to the data directory, as paths in the staging folder. */
  finished?: string[];
}

export class Staging {
  readonly dir: string;
  readonly note: ImportNote;

  /** Opens, or makes, the staging folder in `parent` for what `identity` tells from every other import. */
  constructor(parent: string, identity: string) {
    const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    this.dir = join(parent, `import-${hash}${UNFINISHED_SUFFIX}`);
    const known = readNote(join(this.dir, NOTE));
    if (known === undefined) rmSync(this.dir, { recursive: true, force: true });
    mkdirSync(this.dir, { recursive: true });
    this.note = known ?? { version: VERSION, runs: 0, next: { input: 0, offset: 0 }, counts: noCounts() };
    for (const name of readdirSync(this.dir)) {
      if (name !== NOTE && !this.isNoted(name)) rmSync(join(this.dir, name), { recursive: true });
    }
  }

  /** Whether anything is to be gone on with. */
  get isResumed(): boolean {
    return this.note.runs > 0 || this.note.finished !== undefined;
  }

  /** The folder of a run, from 1 on; made if it is the next one. */
  runDir(run: number): string {
    return made(join(this.dir, `run-${run}`));
  }

  joinedDir(): string {
    return made(join(this.dir, 'joined'));
  }

  /** Notes that the run after the last one is on disk, and where to go on; `durable`, so that a later process can. */
  finishRun(next: InputPosition, durable: boolean): void {
    this.note.runs++;
    this.note.next = next;
    if (durable) this.writeNote();
  }

  /** Notes that these blocks (paths in the staging folder) are what is to be moved to the data directory. */
  finish(blocks: readonly string[]): void {
    this.note.finished = [...blocks];
    this.writeNote();
  }

  /** Moves the finished blocks to `parent`, and removes the rest; returns what was moved. */
  commit(parent: string): BlockMeta[] {
    const moved: BlockMeta[] = [];
    for (const block of this.note.finished!) {
      const from = join(this.dir, block);
      const to = join(parent, basename(block));
      if (existsSync(from)) renameSync(from, to);
      moved.push(readBlockMeta(to));
    }
    syncDirectory(parent);
    this.remove();
    return moved.sort((a, b) => a.minTime - b.minTime);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private isNoted(name: string): boolean {
    const run = /^run-(\d+)$/.exec(name);
    return run !== null ? Number(run[1]) <= this.note.runs : this.note.finished !== undefined;
  }

  private writeNote(): void {
    const file = join(this.dir, NOTE);
    const fd = openSync(`${file}.tmp`, 'w');
    try {
      writeFileSync(fd, JSON.stringify(this.note));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${file}.tmp`, file);
    syncDirectory(this.dir);
  }
}

function noCounts(): ImportCounts {
  return { samples: 0, repeated: 0, conflicting: 0, exemplars: 0, startTimestamps: 0 };
}

/** The note of an earlier attempt; undefined where there is none that this version can read. */
function readNote(file: string): ImportNote | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const note = JSON.parse(readFileSync(file, 'utf8')) as ImportNote;
    return note.version === VERSION ? note : undefined;
  } catch {
    return undefined;
  }
}

function made(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return dir;
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
