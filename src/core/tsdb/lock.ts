/**
 * The lock of a data directory, as Prometheus takes it: an exclusive flock(2) on the file `lock` in it, which is
 * there as long as somebody writes to the directory. Readers need no lock.
 *
 * Node cannot call flock(2). A lock belongs to the open file, though, and not to the process that took it, so where
 * there is a program that can (`flock` of util-linux or BusyBox, else `perl`), it is given our open file, takes the
 * lock and exits. On macOS and the BSDs open(2) takes it. Where none of this works, all that can be done is to look
 * whether somebody else holds the lock, and to say that they will not see ours.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';

export interface DirectoryLock {
  /** What people should know of it: nothing, as a rule. */
  notices: readonly string[];
  release(): void;
}

/** Programs that take an exclusive lock on file descriptor 3, or exit with status 1 where somebody has it. */
const HELPERS: readonly (readonly [string, readonly string[]])[] = [
  ['flock', ['-n', '3']],
  ['perl', ['-e', 'open(F, "<&=3") or exit 2; exit(flock(F, 6) ? 0 : 1)']],
];

/** open(2) flags of macOS and the BSDs: an exclusive lock, without waiting. */
const O_EXLOCK = 0x20;
const O_NONBLOCK = 0x4;
const O_RDWR_CREAT = 0x202;

const ATTEMPTS = 5;

/** Stands in the file where its owner could not take the lock. */
const UNLOCKED = 'without flock';

/** Throws InputError `locked`, naming the holder where that can be found out. */
export function lockDirectory(dir: string): DirectoryLock {
  const path = join(dir, 'lock');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const fd = openLocked(path);
    if (fd === undefined) throw refusal(dir, path);
    const result = process.platform === 'darwin' || process.platform.endsWith('bsd') ? 'taken' : take(fd);
    if (result === 'refused') {
      closeSync(fd);
      throw refusal(dir, path);
    }
    // The one who held it removes the file when done: then ours is a lock on a file that nobody else finds.
    if (!isStill(path, fd)) {
      closeSync(fd);
      continue;
    }
    // Who could not take the lock has nothing but what is in the file.
    const taken = result === 'taken';
    if ((!taken || readFileSync(path, 'latin1').includes(UNLOCKED)) && holders(path).length > 0) {
      closeSync(fd);
      throw refusal(dir, path);
    }
    // For the message above; Prometheus takes no notice of what is in the file.
    ftruncateSync(fd, 0);
    writeSync(fd, taken ? `${process.pid}\n` : `${process.pid} ${UNLOCKED}\n`, 0);
    return {
      notices: taken
        ? []
        : [`${path}: neither flock nor perl is there to take the lock, so do not start Prometheus meanwhile`],
      release() {
        rmSync(path, { force: true });
        closeSync(fd);
      },
    };
  }
  throw refusal(dir, path);
}

/** Who writes to the directory, for people, as far as it can be found out; undefined where nobody is known to. */
export function writerOf(dir: string): string | undefined {
  return holders(join(dir, 'lock'))[0];
}

/** Opens the file; undefined where opening takes the lock and somebody has it. */
function openLocked(path: string): number | undefined {
  if (process.platform !== 'darwin' && !process.platform.endsWith('bsd')) {
    // 'a+' makes the file but does not cut it: what its holder wrote must stay.
    return openSync(path, 'a+');
  }
  try {
    return openSync(path, O_RDWR_CREAT | O_EXLOCK | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

function take(fd: number): 'taken' | 'refused' | 'impossible' {
  for (const [program, args] of HELPERS) {
    // Loaded here, because a command that finds nothing to write needs no lock, and Node has much to load for this.
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'ignore', fd] });
    if (error !== undefined) continue;
    if (status === 0) return 'taken';
    if (status === 1) return 'refused';
  }
  return 'impossible';
}

function isStill(path: string, fd: number): boolean {
  try {
    return statSync(path).ino === fstatSync(fd).ino;
  } catch {
    return false;
  }
}

function refusal(dir: string, path: string): InputError {
  const who = holders(path)[0];
  const by = who === undefined ? 'somebody else' : who;
  return new InputError('locked', `${by} is writing to this directory`, { file: dir });
}

/** The processes other than this one that hold a lock on the file, as far as the system tells. */
function holders(path: string): string[] {
  const found = new Set<number>();
  try {
    const { ino } = statSync(path);
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const fields = /FLOCK\s+\S+\s+\S+\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line);
      if (fields !== null && Number(fields[2]) === ino) found.add(Number(fields[1]));
    }
    // A lock that a helper took is listed under the helper, which is gone: its owner wrote who it is.
    const written = Number.parseInt(readFileSync(path, 'latin1'), 10);
    if (written > 0) found.add(written);
  } catch {
    // No /proc, or no file: nobody can be named.
  }
  return [...found].flatMap((pid) => (pid === process.pid ? [] : (describe(pid) ?? [])));
}

/** `prometheus (process 1234)`; undefined where there is no such process. */
function describe(pid: number): string | undefined {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = args[0].split('/').at(-1)!;
    const script = /^(node|bun)/.test(program)
      ? args.slice(1).find((arg) => !arg.startsWith('-'))
      : undefined;
    return `${script === undefined ? program : script.split('/').at(-1)} (process ${pid})`;
  } catch {
    return undefined;
  }
}
