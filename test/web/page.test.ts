import { describe, expect, it } from 'vitest';
import { seriesName } from '../../src/web/api.ts';
import { formatDuration, parseDuration } from '../../src/web/time.ts';

describe('durations as people write them', () => {
  it.each([
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w1d', 691_200_000],
    ['1500ms', 1500],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it('are nothing else', () => {
    for (const text of ['', 'h', '5', '1m1h', '-1h']) expect(parseDuration(text)).toBeNaN();
  });
});

describe('the name of a series', () => {
  it('is what a query would select it by', () => {
    expect(seriesName({ __name__: 'up', job: 'a "b"' })).toBe('up{job="a \\"b\\""}');
    expect(seriesName({ __name__: 'up' })).toBe('up');
    expect(seriesName({ job: 'a' })).toBe('{job="a"}');
    expect(seriesName({})).toBe('{}');
    expect(seriesName({ __name__: 'a.b', 'c.d': 'e' })).toBe('{"a.b", "c.d"="e"}');
  });
});
