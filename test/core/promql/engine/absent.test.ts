import { expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { instantQuery } from '../../../../src/core/promql/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

// As in Prometheus the order of matchers for one label counts, which a printed query need not keep.
it.each([
  ['absent(x{i="1", i=~"1|2"})', {}],
  ['absent(x{i=~"1|2", i="1"})', { i: '1' }],
  ['absent(x{i=~"1|2", i="1", i="1"})', {}],
])('%s has the labels of its first equalities', async (query, labels) => {
  const { value } = await instantQuery(new MemorySource(), query, 0);
  expect(value).toMatchObject({ type: 'vector', series: [{ labels: labelsFromObject(labels) }] });
});
