/**
 * Rows of text for a terminal: in columns, two spaces apart, of which some may give way where a line is too long; or as
 * a list whose entries take as many lines as they need.
 */
import { clip, displayWidth, padEnd, padStart, printable, wrap } from './display-width.ts';

export interface Column {
  title: string;
  align: 'left' | 'right';
  /** Is cut, with `…` at the end, when there is no room. Numbers should not be. */
  shrinks: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 4;

/** Characters that a line takes where no column gives way. */
export function tableWidth(columns: readonly Column[], rows: readonly (readonly string[])[]): number {
  return lineWidth(columnWidths(columns, rows));
}

/** A line with the titles, to which `emphasize` is applied, and a line for each row. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  emphasize: (title: string) => string,
): string[] {
  const widths = columnWidths(columns, rows);
  shrink(widths, columns, width);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => fitted(cell, widths[i], columns[i]))
      .join(GAP)
      .trimEnd();
  return [emphasize(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

/**
 * The cells of each row in columns, and behind them the row's `own` text, broken where that passes `width`. What does
 * not fit even so gets the next lines to itself.
 */
export function listLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  own: readonly string[],
  width: number,
  emphasize: (title: string) => string,
): string[] {
  const cells = tableLines(columns, rows, width, emphasize);
  const taken = tableWidth(columns, rows) + GAP.length;
  const beside = width - taken >= LEAST_BESIDE;
  const out = [cells[0]];
  for (const [i, text] of own.entries()) {
    const row = cells[i + 1];
    if (beside) {
      const [first, ...more] = wrap(text, width - taken);
      out.push((padEnd(row, taken) + first).trimEnd(), ...more.map((line) => ' '.repeat(taken) + line));
    } else {
      if (text !== '') out.push(...wrap(text, width));
      out.push(...wrap(row, width));
    }
  }
  return out;
}

/** With less room than this beside the cells, text goes above them. */
const LEAST_BESIDE = 24;

function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const widths = columns.map(({ title }) => displayWidth(title));
  for (const row of rows) {
    for (let i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], displayWidth(row[i]));
  }
  return widths;
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
}

/** Takes from the widest columns until a line has room in `width`, or nothing more gives way. */
function shrink(widths: number[], columns: readonly Column[], width: number): void {
  for (let excess = lineWidth(widths) - width; excess > 0; excess--) {
    let widest = -1;
    for (let i = 0; i < widths.length; i++) {
      if (!columns[i].shrinks || widths[i] <= LEAST_WIDTH) continue;
      if (widest < 0 || widths[i] > widths[widest]) widest = i;
    }
    if (widest < 0) return;
    widths[widest]--;
  }
}

function fitted(cell: string, width: number, { align }: Column): string {
  const shown = clip(printable(cell), width);
  return align === 'right' ? padStart(shown, width) : padEnd(shown, width);
}
