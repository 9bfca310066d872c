/** Line charts for the terminal: braille lines with gaps where there is no value, two axes, a legend. */
import { BrailleCanvas } from './braille.ts';
import { shortNumber, shortTime, ticks } from './scale.ts';

export interface GraphLine {
  /** What the legend calls it. */
  name: string;
  /** Milliseconds since the epoch, ascending. */
  t: Float64Array;
  v: Float64Array;
}

export interface GraphOptions {
  /** In characters, axes and legend included. */
  width: number;
  /** Rows of the plot alone. */
  height: number;
  /** The time axis, ms. */
  start: number;
  end: number;
  /** Points further apart than this are not joined. */
  stepMs: number;
  /** Lines that the legend may have; 12 if not given. */
  legendLines?: number;
  /** Colours `text` as belonging to the line of that number. */
  paint: (text: string, line: number) => string;
}

/** More lines than this are drawn but not named. */
const DEFAULT_LEGEND_LINES = 12;

/** The chart as lines of text. */
export function renderGraph(lines: readonly GraphLine[], options: GraphOptions): string[] {
  const range = valueRange(lines);
  if (range === null) return ['(no values to draw)'];
  const [min, max] = range;
  const labels = ticks(min, max, Math.max(2, Math.floor(options.height / 3)));
  const gutter = Math.max(...labels.map((v) => shortNumber(v).length));
  const columns = Math.max(10, options.width - gutter - 2);
  const canvas = new BrailleCanvas(columns, options.height);
  const toY = (v: number) => Math.round(((max - v) / (max - min)) * (canvas.height - 1));
  const toX = (t: number) =>
    Math.round(((t - options.start) / Math.max(1, options.end - options.start)) * (canvas.width - 1));
  for (const [number, line] of lines.entries()) drawLine(canvas, line, number, toX, toY, options.stepMs);

  const labelOfRow = new Map(labels.map((v) => [Math.floor(toY(v) / 4), shortNumber(v)]));
  const out: string[] = [];
  for (let row = 0; row < options.height; row++) {
    const label = labelOfRow.get(row) ?? '';
    out.push(`${label.padStart(gutter)} ${label === '' ? '│' : '┤'}${canvas.row(row, options.paint)}`);
  }
  out.push(`${' '.repeat(gutter)} └${'─'.repeat(columns)}`);
  out.push(`${' '.repeat(gutter + 2)}${timeAxis(options.start, options.end, columns)}`);
  out.push(...legend(lines, options));
  return out;
}

function drawLine(
  canvas: BrailleCanvas,
  { t, v }: GraphLine,
  number: number,
  toX: (t: number) => number,
  toY: (v: number) => number,
  stepMs: number,
): void {
  let before = -1;
  for (let i = 0; i < t.length; i++) {
    if (!Number.isFinite(v[i])) continue;
    const joined = before >= 0 && t[i] - t[before] <= stepMs * 1.5;
    const [x, y] = [toX(t[i]), toY(v[i])];
    if (joined) canvas.line(toX(t[before]), toY(v[before]), x, y, number);
    else canvas.dot(x, y, number);
    before = i;
  }
}

/** The values to show, widened where all are equal; null where there are none. */
function valueRange(lines: readonly GraphLine[]): [number, number] | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { v } of lines) {
    for (let i = 0; i < v.length; i++) {
      if (!Number.isFinite(v[i])) continue;
      if (v[i] < min) min = v[i];
      if (v[i] > max) max = v[i];
    }
  }
  if (min > max) return null;
  if (min === max) {
    const margin = Math.abs(min) || 1;
    return [min - margin / 2, max + margin / 2];
  }
  return [min, max];
}

function timeAxis(start: number, end: number, columns: number): string {
  const span = end - start;
  const width = shortTime(start, span).length;
  const count = Math.max(2, Math.min(6, Math.floor(columns / (width + 4))));
  let axis = '';
  for (let i = 0; i < count; i++) {
    const label = shortTime(start + (span * i) / (count - 1), span);
    const at = Math.round((columns * i) / (count - 1) - (i === 0 ? 0 : i === count - 1 ? width : width / 2));
    axis = axis.padEnd(at) + label;
  }
  return axis;
}

function legend(lines: readonly GraphLine[], { paint, width, legendLines }: GraphOptions): string[] {
  const most = legendLines ?? DEFAULT_LEGEND_LINES;
  const out = lines.slice(0, most).map(({ name, v }, number) => {
    const last = v.length === 0 ? '' : ` ${shortNumber(v[v.length - 1])}`;
    const room = Math.max(8, width - last.length - 3);
    const shown = name.length > room ? `${name.slice(0, room - 1)}…` : name;
    return `${paint('━', number)} ${shown}${last}`;
  });
  if (lines.length > most && most > 0) out.push(`… and ${lines.length - most} more`);
  return out;
}
