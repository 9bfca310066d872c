/** Packs a directory of files into a zip archive, in memory for a piece of a file. */
import { closeSync, fsyncSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ZipFile } from './zip-file.ts';

export interface ZipOptions {
  signal?: AbortSignal;
  /** Called now and then with the part that is done, from 0 to 1. */
  progress?: (part: number) => void;
}

const PIECE_BYTES = 512 * 1024;
const LEVEL = 3;

/**
 * Writes all files below `dir` to the new archive `to`, which appears by rename; returns its bytes. Throws the signal's
 * reason, and what the file system does; then there is no archive.
 */
export async function zipDirectory(dir: string, to: string, options: ZipOptions = {}): Promise<number> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => ({ name, stat: statSync(join(dir, name)) }))
    .filter(({ stat }) => stat.isFile());
  const total = files.reduce((sum, { stat }) => sum + stat.size, 0);
  const temporary = `${to}.tmp`;
  const fd = openSync(temporary, 'w');
  let written = 0;
  try {
    const zip = new ZipFile(fd);
    let done = 0;
    for (const { name, stat } of files) {
      const entryName = name.split(sep).join('/');
      // Chunks are as small as they get.
      const level = /(^|\/)chunks\//.test(entryName) ? 0 : LEVEL;
      await zip.add(entryName, stat.mtime, level, stat.size, pieces(join(dir, name)), async () => {
        options.progress?.(Math.min((done += PIECE_BYTES) / total, 1));
        await new Promise((resolve) => setImmediate(resolve));
        options.signal?.throwIfAborted();
      });
    }
    written = zip.finish();
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, to);
  return written;
}

/** Each is valid until the next one. */
function* pieces(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  const piece = new Uint8Array(PIECE_BYTES);
  try {
    for (;;) {
      const n = readSync(fd, piece);
      if (n === 0) return;
      yield piece.subarray(0, n);
    }
  } finally {
    closeSync(fd);
  }
}
