import { expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { rangeQuery } from '../../../../src/core/promql/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

it('merges series that lose their name with those that have lost the same before', async () => {
  const source = new MemorySource();
  source.series(labelsFromObject({ __name__: 'x', a: '1' })).addFloat(1000, Float64Array.of(2), 0);
  const query = '1 + (last_over_time(x[1s]) * 10 or last_over_time(x[1s] @ 1))';
  const { value } = await rangeQuery(source, query, 1000, 2000, 1000);
  expect(value).toMatchObject({
    type: 'matrix',
    series: [{ labels: labelsFromObject({ a: '1' }), v: Float64Array.of(21, 3) }],
  });
});
