import { describe, expect, it } from 'vitest';
import { renderGraph } from '../../src/cli/graph/graph.ts';
import { shortNumber, ticks } from '../../src/cli/graph/scale.ts';
import { sparkline } from '../../src/cli/graph/sparkline.ts';

const OPTIONS = { width: 40, height: 4, start: 0, end: 3000, stepMs: 1000, paint: (text: string) => text };
const line = (name: string, v: number[], t = v.map((_, i) => i * 1000)) => ({
  name,
  t: Float64Array.from(t),
  v: Float64Array.from(v),
});

describe('a graph', () => {
  it('rises where the values rise, in braille', () => {
    const rows = renderGraph([line('a', [0, 1, 2, 3])], OPTIONS);
    const plot = rows.slice(0, 4).map((row) => row.slice(row.search(/[│┤]/) + 1));
    expect(plot[3][0]).not.toBe(' ');
    expect(plot[0].at(-1)).not.toBe(' ');
    expect(plot[0][0]).toBe(' ');
    expect(rows.at(-1)).toBe('━ a 3');
    expect(rows.every((row) => row.length <= 40)).toBe(true);
  });

  it('has gaps where there is no value', () => {
    const dots = (v: number[], t?: number[]) =>
      renderGraph([line('a', v, t)], OPTIONS)
        .join('')
        .match(/[\u2801-\u28ff]/g)?.length ?? 0;
    expect(dots([1, 2], [0, 3000])).toBe(2);
    expect(dots([1, Number.NaN, Number.NaN, 2])).toBe(2);
    expect(dots([1, 1, 1, 1])).toBeGreaterThan(20);
  });

  it('says so where there is nothing to draw', () => {
    expect(renderGraph([], OPTIONS)).toEqual(['(no values to draw)']);
    expect(renderGraph([line('a', [Number.NaN])], OPTIONS)).toEqual(['(no values to draw)']);
  });

  it('names as many lines as can be told apart', () => {
    const many = Array.from({ length: 20 }, (_, i) => line(`l${i}`, [i, i]));
    expect(renderGraph(many, OPTIONS).at(-1)).toBe('… and 8 more');
  });

  it('paints each line in its colour', () => {
    const painted = renderGraph([line('a', [0, 0]), line('b', [9, 9])], {
      ...OPTIONS,
      paint: (text, number) => `<${number}${text}>`,
    });
    expect(painted.join('')).toContain('<1━> b 9');
  });
});

describe('an axis', () => {
  it('has round numbers', () => {
    expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(0.013, 0.094, 4)).toEqual([0.025, 0.05, 0.075].map((v) => expect.closeTo(v)));
    expect(ticks(5, 5, 3)).toEqual([5]);
  });

  it.each([
    [0, '0'],
    [1234, '1.23k'],
    [-2_500_000, '-2.5M'],
    [0.0256, '0.026'],
    [1e-9, '1.0e-9'],
    [Number.POSITIVE_INFINITY, '+Inf'],
  ])('writes %d as %s', (v, text) => {
    expect(shortNumber(v)).toBe(text);
  });
});

describe('a sparkline', () => {
  it('goes from the least value to the greatest', () => {
    expect(sparkline(line('a', [0, 1, 2, 3]), 0, 4000, 4)).toBe('▁▃▆█');
  });

  it('is blank where there is nothing, and low where nothing moves', () => {
    expect(sparkline(line('a', [5, 5], [0, 3000]), 0, 4000, 4)).toBe('▁  ▁');
    expect(sparkline(line('a', []), 0, 4000, 4)).toBe('    ');
  });
});
