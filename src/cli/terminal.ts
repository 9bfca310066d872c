/** How wide lines for people may be. */
import type { WriteStream } from 'node:tty';

/** Characters in a line of the terminal that stdout is, else what $COLUMNS says, else Infinity. */
export function terminalWidth(): number {
  return widthOf(process.stdout);
}

/** The same for stderr. */
export function errorWidth(): number {
  return widthOf(process.stderr);
}

function widthOf(stream: WriteStream): number {
  if (stream.isTTY && stream.columns > 0) return stream.columns;
  const columns = Number(process.env['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}
