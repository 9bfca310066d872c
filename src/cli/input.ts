/** Reads files and stdin in pieces, synchronously: a one-shot command has nothing else to do meanwhile. */
import { closeSync, openSync, readSync } from 'node:fs';
import { pause } from './output.ts';

const PIECE_BYTES = 256 * 1024;

/** What messages call the input: `stdin` for `-`. */
export function inputName(path: string): string {
  return path === '-' ? 'stdin' : path;
}

/**
 * The bytes of a file, or of stdin for `-`, as they arrive. A piece is valid until the next one is asked for.
 * Throws the system's error, which names the path.
 */
export function* pieces(path: string): Generator<Uint8Array> {
  const fd = path === '-' ? 0 : openSync(path, 'r');
  const buffer = new Uint8Array(PIECE_BYTES);
  try {
    for (;;) {
      const n = readPiece(fd, buffer);
      if (n === 0) return;
      yield buffer.subarray(0, n);
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function readPiece(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // The far end of a Windows pipe reports its end so.
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      pause();
    }
  }
}
