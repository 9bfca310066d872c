/** Whether somebody watches, and how wide lines for people may be. */
import { fstatSync, statSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** Asks the file first: to make the stream of a pipe, a file or /dev/null, only to be told no, is a tenth of a start. */
export function isTerminal(fd: 1 | 2): boolean {
  try {
    const stats = fstatSync(fd);
    if (!stats.isCharacterDevice() || stats.rdev === statSync('/dev/null').rdev) return false;
  } catch {
    return false;
  }
  return streamOf(fd).isTTY === true;
}

/** Characters in a line of the terminal that stdout is, else what $COLUMNS says, else Infinity. */
export function terminalWidth(): number {
  return widthOf(1);
}

/** The same for stderr. */
export function errorWidth(): number {
  return widthOf(2);
}

function widthOf(fd: 1 | 2): number {
  if (isTerminal(fd) && streamOf(fd).columns > 0) return streamOf(fd).columns;
  const columns = Number(process.env['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

function streamOf(fd: 1 | 2): WriteStream {
  return fd === 1 ? process.stdout : process.stderr;
}
