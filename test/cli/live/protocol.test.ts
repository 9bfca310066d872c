import { describe, expect, it } from 'vitest';
import { MOST_SENT, noteOfRest, received, sent } from '../../../src/cli/live/protocol.ts';
import { labelsFromObject } from '../../../src/core/model/index.ts';
import type { QueryValue } from '../../../src/core/promql/index.ts';

function vectorOf(count: number): QueryValue {
  const series = Array.from({ length: count }, (_, i) => ({
    labels: labelsFromObject({ i: String(i) }),
    t: Float64Array.of(1),
    v: Float64Array.of(i),
    histograms: null,
  }));
  return { type: 'vector', series };
}

describe('what the worker of the live view sends', () => {
  it('is the result', () => {
    const value = vectorOf(3);
    expect(received(structuredClone(sent(value)))).toEqual(value);
    expect(noteOfRest(value)).toEqual([]);
    const scalar: QueryValue = { type: 'scalar', t: 1, v: 2 };
    expect(received(sent(scalar))).toEqual(scalar);
  });

  it('is no more of it than can be looked at, and says so', () => {
    const value = vectorOf(MOST_SENT + 5);
    const got = received(sent(value));
    expect(got.type === 'vector' && got.series.length).toBe(MOST_SENT);
    expect(noteOfRest(value)).toEqual(['shown are the first 1000 of 1005 series']);
  });
});
