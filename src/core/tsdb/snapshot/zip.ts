/** Packs a directory of files into a zip archive, in memory for a piece of a file. Format: PKWARE APPNOTE 6.3. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { InputError } from '../../errors.ts';

export interface ZipOptions {
  signal?: AbortSignal;
  /** Called now and then with the part that is done, from 0 to 1. */
  progress?: (part: number) => void;
}

const PIECE_BYTES = 256 * 1024;
/** What the archive's 32-bit fields have room for, some being left for names and the like. */
const MAX_BYTES = 2 ** 32 - 2 ** 24;
const MAX_FILES = 65_535;
const LEVEL = 3;

/**
 * Writes all files below `dir` to the new archive `to`, which appears by rename; returns its bytes. Throws InputError
 * `too_large` where a zip archive has no room for them, and the signal's reason; then there is no archive.
 */
export async function zipDirectory(dir: string, to: string, options: ZipOptions = {}): Promise<number> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dir, name)).isFile())
    .sort();
  const total = names.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  if (total > MAX_BYTES || names.length > MAX_FILES) {
    const reason = `a zip archive has room for 4 GiB, and this is ${(total / 2 ** 30).toFixed(1)} GiB in ${names.length} files: make a directory, and pack it with tar`;
    throw new InputError('too_large', reason, { file: to });
  }
  const temporary = `${to}.tmp`;
  const fd = openSync(temporary, 'w');
  let written = 0;
  try {
    const zip = new Zip((error, bytes) => {
      if (error !== null) throw error;
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      written += bytes.length;
    });
    let done = 0;
    for (const name of names) {
      const path = join(dir, name);
      const entryName = name.split(sep).join('/');
      // Chunks are as small as they get.
      const entry = /(^|\/)chunks\//.test(entryName)
        ? new ZipPassThrough(entryName)
        : new ZipDeflate(entryName, { level: LEVEL });
      entry.mtime = statSync(path).mtime;
      zip.add(entry);
      for (const piece of pieces(path)) {
        entry.push(piece);
        done += piece.length;
        options.progress?.(total === 0 ? 1 : done / total);
        await new Promise((resolve) => setImmediate(resolve));
        options.signal?.throwIfAborted();
      }
      entry.push(new Uint8Array(0), true);
    }
    zip.end();
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

/** Each is the reader's to keep. */
function* pieces(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const n = readSync(fd, piece);
      if (n === 0) return;
      yield piece.subarray(0, n);
    }
  } finally {
    closeSync(fd);
  }
}
