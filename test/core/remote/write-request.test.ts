import { expect, it } from 'vitest';
import { snappyDecompress } from '../../../src/core/encoding/snappy.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { isStale } from '../../../src/core/model/value.ts';
import { decodeWriteV1 } from '../../../src/core/remote/write-codec.ts';
import { WriteRequestV1 } from '../../../src/core/remote/write-request.ts';

it('what is written can be read', () => {
  const request = new WriteRequestV1();
  const vs = new Float64Array(3);
  vs[0] = 1.5;
  new BigUint64Array(vs.buffer)[1] = 0x7ff0_0000_0000_0002n;
  vs[2] = -0.25;
  const sets: Record<string, string>[] = [
    { __name__: 'a', b: 'ä"\n' },
    { __name__: 'stale' },
    { __name__: 'old', job: 'x' },
  ];
  const times = [1_700_000_000_123, 0, -5];
  for (const [row, set] of sets.entries()) request.addSample(labelsFromObject(set), times[row], vs, row);
  request.addMetadata('a', { type: 'counter', help: 'of it', unit: '' });
  const read: unknown[] = [];
  decodeWriteV1(snappyDecompress(request.body(), 1000), (series) => {
    const { t, v } = series.samples;
    read.push([Object.fromEntries(series.labels), t[0], isStale(v, 0) ? 'stale' : v[0]]);
  });
  expect(read).toEqual([
    [{ __name__: 'a', b: 'ä"\n' }, 1_700_000_000_123, 1.5],
    [{ __name__: 'stale' }, 0, 'stale'],
    [{ __name__: 'old', job: 'x' }, -5, -0.25],
  ]);
});
