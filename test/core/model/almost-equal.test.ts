import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { almostEqual } from '../../../src/core/model/almost-equal.ts';
import { writeStale } from '../../../src/core/model/index.ts';

const stale = new Float64Array(1);
writeStale(stale, 0);

describe('floats that are equal but for rounding', () => {
  it.each([
    [1, 1 + 1e-7, true],
    [1, 1 + 1e-5, false],
    [-1, 1, false],
    [1e300, 1e300 * (1 + 1e-7), true],
    [0, -0, true],
    [0, 1e-12, false],
    [0, 5e-324, true],
    [Number.MAX_VALUE, Number.MAX_VALUE * (1 - 1e-9), true],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false],
    [Number.POSITIVE_INFINITY, Number.MAX_VALUE, false],
    [Number.NaN, Number.NaN, true],
    [Number.NaN, 0, false],
    [stale[0], stale[0], true],
    [stale[0], Number.NaN, false],
  ])('%d and %d: %s', (a, b, equal) => {
    expect(almostEqual(a, b, 1e-6)).toBe(equal);
    expect(almostEqual(b, a, 1e-6)).toBe(equal);
  });

  it('tells scaled numbers apart like the numbers', () => {
    const number = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.integer({ min: -60, max: 60 }), (a, b, power) => {
        const scale = 2 ** power;
        expect(almostEqual(a * scale, b * scale, 1e-6)).toBe(almostEqual(a, b, 1e-6));
      }),
    );
  });
});
