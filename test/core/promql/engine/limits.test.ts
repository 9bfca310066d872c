import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { type EngineOptions, instantQuery, rangeQuery } from '../../../../src/core/promql/index.ts';
import { ALL_PARSER_FEATURES } from '../../../../src/core/promql/parser/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

const NOW = 1_700_000_000_000;

function oneSeries(): MemorySource {
  const source = new MemorySource();
  const series = source.series(labelsFromObject({ __name__: 'x' }));
  for (let t = NOW - 600_000; t <= NOW; t += 10_000) series.addFloat(t, Float64Array.of(t), 0);
  return source;
}

const tooMany = { code: 'query_too_many_samples' };

describe('a subquery that begins long before its samples', () => {
  const parts = [
    'x',
    'x offset 3m',
    'x offset -3m',
    '-x * 2 + time()',
    'sum(x) - on () group_right x offset 1m',
    'x offset 8m or x',
    'x unless x offset 1m',
    'x + fill(0) x offset 4m',
    'count(count_values("v", x)) or topk(1, x)',
    'quantile(2, x)',
    'quantile_over_time(0.5, x[1m])',
    'rate(x[2m])',
    'rate(x[2m] smoothed)',
    'delta(x[2m] anchored)',
    'x smoothed',
    'timestamp(x)',
    'hour(x)',
    'clamp(x, 1, 2)',
    'x + scalar(x offset 5m)',
    'max_over_time(x[3m:7s] offset 2m)',
    'max_over_time((x offset 1m)[1y:7s] offset 2m)',
    'label_replace(x, "y", "z", "", "")',
  ];
  it.each(parts)('is what one is that begins shortly before: %s', async (part) => {
    const options: EngineOptions = { parser: ALL_PARSER_FEATURES };
    const answer = async (window: string) => {
      const query = `sum_over_time((${part})[${window}:1s])`;
      const { value, annotations } = await rangeQuery(
        oneSeries(),
        query,
        NOW - 120_000,
        NOW + 60_000,
        30_000,
        options,
      );
      return { value, annotations: annotations.map(({ text }) => text) };
    };
    const short = await answer('40m');
    expect(short.value).toMatchObject({ series: [{}] });
    expect(await answer('30y')).toEqual(short);
  });

  it('has nothing where there are no samples', async () => {
    const { value } = await instantQuery(oneSeries(), 'absent_over_time(nothing[10y:1ms])', NOW);
    expect(value).toMatchObject({ type: 'vector', series: [{ v: Float64Array.of(1) }] });
  });

  it('says what is wrong with parameters even where there are no samples', async () => {
    await expect(
      instantQuery(oneSeries(), 'max_over_time(topk(NaN, nothing)[10y:1ms])', NOW),
    ).rejects.toThrow('Parameter value is NaN');
  });
});

describe('a query that would hold too much', () => {
  const absurd = [
    'sum_over_time(vector(1)[10y:1ms])',
    'max_over_time((x @ 5)[10y:1ms])',
    'max_over_time((x or hour())[10y:1ms])',
    'max_over_time(absent(x)[10y:1ms])',
    'max_over_time(topk(scalar(x), x)[10y:1ms])',
    'max_over_time(quantile(time(), x)[10y:1ms] @ 5)',
    'max_over_time(quantile_over_time(scalar(x), x[1m:10s])[10y:1ms])',
    'absent_over_time(absent_over_time(x[5m])[10y:1ms])',
  ];
  for (const maxSamples of [1000, 50_000_000, Number.MAX_SAFE_INTEGER]) {
    it.each(absurd)(
      `is refused before it has room, with ${maxSamples} samples allowed: %s`,
      async (query) => {
        const before = process.memoryUsage().arrayBuffers;
        await expect(instantQuery(oneSeries(), query, NOW, { maxSamples })).rejects.toMatchObject(tooMany);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
      },
    );
  }

  it('is refused for its own steps too', async () => {
    const asked = rangeQuery(oneSeries(), 'x', 0, NOW, 1, { maxSamples: Number.MAX_SAFE_INTEGER });
    await expect(asked).rejects.toMatchObject(tooMany);
  });

  it('is let through where it has no more steps than are allowed', async () => {
    const options: EngineOptions = { maxSamples: 2000 };
    const { value } = await instantQuery(oneSeries(), 'count_over_time(x[10m:1s])', NOW, options);
    expect(value).toMatchObject({ type: 'vector', series: [{ v: Float64Array.of(600) }] });
  });
});
