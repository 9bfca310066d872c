/** A range as a line chart in the terminal. */
import type { QueryValue, ResultSeries } from '../core/promql/index.ts';
import { type GraphLine, renderGraph } from './graph/graph.ts';
import { linePaint } from './graph/palette.ts';
import type { PrintContext } from './print-context.ts';

const DEFAULT_WIDTH = 80;
const GREATEST_WIDTH = 160;
const HEIGHT = 15;

export function printGraph(value: QueryValue, { out, paint, times, width }: PrintContext): void {
  if (value.type !== 'matrix' || times.kind !== 'range') throw new Error('a graph is of a range');
  const graph = renderGraph(graphLines(value.series), {
    width: Number.isFinite(width) ? Math.min(width, GREATEST_WIDTH) : DEFAULT_WIDTH,
    height: HEIGHT,
    start: times.start,
    end: times.end,
    stepMs: times.stepMs,
    paint: linePaint(paint.colored),
  });
  for (const line of graph) out.line(line);
}

/** Series as lines; a point that is no number leaves a gap. */
export function graphLines(series: readonly ResultSeries[]): GraphLine[] {
  return series.map(({ labels, t, v, histograms }) => ({
    name: labels.toString(),
    t,
    v: histograms === null ? v : v.map((x, i) => (histograms[i] === null ? x : Number.NaN)),
  }));
}
