/** A result over time as lines, drawn by uPlot. */
import uPlot from 'uplot';
import { type RangeSeries, seriesName } from './api.ts';

/** More lines than these say nothing, and cost much. */
const MAX_LINES = 200;
const HEIGHT = 360;

/** How ticks are written by their distance (s), and what stands below the first one and where the day changes. */
const DATE = '\n{YYYY}-{MM}-{DD}';
const TIME_TICKS: uPlot.Axis.Values = [
  [86_400 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', DATE, null, DATE, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', DATE, null, DATE, null, null, null, 1],
];

export interface Graph {
  element: HTMLElement;
  /** How many series were left out. */
  omitted: number;
  destroy(): void;
}

/** Times in seconds. `onZoom` is told of a stretch that was selected with the mouse. */
export function drawGraph(
  parent: HTMLElement,
  result: readonly RangeSeries[],
  range: { start: number; end: number; step: number },
  onZoom: (start: number, end: number) => void,
): Graph {
  const shown = result.filter(({ values }) => values !== undefined).slice(0, MAX_LINES);
  const count = Math.floor((range.end - range.start) / range.step) + 1;
  const times = Float64Array.from({ length: count }, (_, i) => range.start + i * range.step);
  const columns = shown.map(({ values }) => {
    const column: (number | null)[] = new Array(count).fill(null);
    for (const [t, text] of values ?? []) {
      const value = Number(text.replace('Inf', 'Infinity'));
      const i = Math.round((t - range.start) / range.step);
      if (i >= 0 && i < count && Number.isFinite(value)) column[i] = value;
    }
    return column;
  });
  const colour = getComputedStyle(document.documentElement);
  const axis = {
    stroke: colour.getPropertyValue('--text').trim(),
    grid: { stroke: colour.getPropertyValue('--line').trim(), width: 1 },
    ticks: { stroke: colour.getPropertyValue('--line').trim(), width: 1 },
  };
  const plot = new uPlot(
    {
      width: Math.max(320, parent.clientWidth),
      height: HEIGHT,
      cursor: { drag: { x: true, y: false, setScale: false } },
      legend: { live: true },
      scales: { x: { time: true, range: [range.start, range.end] } },
      axes: [
        // Room for a time with its seconds.
        { ...axis, space: 80, values: TIME_TICKS },
        { ...axis, size: 70, values: (_, ticks) => ticks.map(shortNumber) },
      ],
      series: [
        { value: (_, t) => (t === null ? '' : new Date(t * 1000).toLocaleString()) },
        ...shown.map(({ metric }, i) => ({
          label: seriesName(metric),
          stroke: lineColour(i),
          width: 1.5,
          points: { show: columns[i].filter((value) => value !== null).length < 2 },
          value: (_: uPlot, value: number | null) => (value === null ? '' : String(value)),
        })),
      ],
      hooks: {
        setSelect: [
          ({ select, posToVal }) => {
            if (select.width > 5)
              onZoom(posToVal(select.left, 'x'), posToVal(select.left + select.width, 'x'));
          },
        ],
      },
    },
    [times as unknown as number[], ...columns] as uPlot.AlignedData,
    parent,
  );
  const resize = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(320, parent.clientWidth), height: HEIGHT }),
  );
  resize.observe(parent);
  return {
    element: plot.root,
    omitted: result.length - shown.length,
    destroy: () => {
      resize.disconnect();
      plot.destroy();
    },
  };
}

/** Hues as far apart as they can be, whatever their number. */
function lineColour(i: number): string {
  return `hsl(${(i * 137.508 + 210) % 360} 65% 50%)`;
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  for (const [unit, from] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (size >= from) return `${Number((value / from).toPrecision(4))}${unit}`;
  }
  return String(Number(value.toPrecision(4)));
}
