import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { type EngineOptions, instantQuery, rangeQuery } from '../../../../src/core/promql/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

const NOW = 1_700_000_000_000;

function oneSeries(): MemorySource {
  const source = new MemorySource();
  const series = source.series(labelsFromObject({ __name__: 'x' }));
  for (let t = NOW - 600_000; t <= NOW; t += 10_000) series.addFloat(t, Float64Array.of(t), 0);
  return source;
}

const tooMany = { code: 'query_too_many_samples' };

describe('a query that would hold too much', () => {
  const absurd = [
    'max_over_time(x[10y:1ms])',
    'sum_over_time(vector(1)[10y:1ms])',
    'max_over_time((x + x)[10y:1ms])',
    'max_over_time(topk(1, x)[10y:1ms])',
    'max_over_time(quantile(0.5, x)[10y:1ms] @ 5)',
    'absent_over_time(nothing[10y:1ms])',
    'max_over_time(max_over_time(x[1m:10s])[10y:1ms])',
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
