import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DoubleExponential } from '../../../../src/core/promql/functions/double-exponential.ts';

/** One window, from its start. */
function plain(v: Float64Array, from: number, to: number, smoothing: number, trendFactor: number): number {
  let before = 0;
  let level = v[from];
  let trend = v[from + 1] - v[from];
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend;
    const next = smoothing * v[i] + (1 - smoothing) * (level + trend);
    before = level;
    level = next;
  }
  return level;
}

const shapes: Record<string, (i: number, random: () => number) => number> = {
  counter: (i, random) => i * 3 + Math.floor(random() * 5),
  gauge: (_, random) => 50 + random(),
  aroundZero: (_, random) => Math.round(random() * 4 - 2),
  constant: () => 7,
  zeros: (i) => (i % 2 === 0 ? 0 : -0),
  withGaps: (i, random) => (i % 400 === 0 ? Number.NaN : i % 517 === 0 ? Number.POSITIVE_INFINITY : random()),
  huge: (_, random) => (random() - 0.5) * 1e308,
};

describe('windows of double exponential smoothing are, to the bit, those worked out from their start', () => {
  test.each(Object.entries(shapes))('%s', (_name, shape) => {
    fc.assert(
      fc.property(
        fc.nat(1 << 30),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.integer({ min: 2, max: 1500 }),
        fc.integer({ min: 1, max: 700 }),
        (seed, smoothing, trendFactor, length, pace) => {
          let state = seed;
          const random = () => {
            state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
            return state / 0x7fffffff;
          };
          const v = Float64Array.from({ length: 3000 }, (_, i) => shape(i, random));
          const windows = new DoubleExponential(v, v.length);
          for (let from = 0; from + length <= v.length; from += 1 + (from % pace)) {
            // The factors change now and then.
            const factor = from > 2000 ? trendFactor / 2 : trendFactor;
            windows.setFactors(smoothing, factor);
            const got = windows.window(from, from + length);
            const want = plain(v, from, from + length, smoothing, factor);
            if (!Object.is(got, want)) throw new Error(`[${from}, ${from + length}): ${got} is not ${want}`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('also where windows have different lengths', () => {
    const v = Float64Array.from({ length: 2000 }, (_, i) => Math.sin(i) * 10 + i);
    const windows = new DoubleExponential(v, v.length);
    windows.setFactors(0.4, 0.2);
    for (let step = 0; step < 900; step++) {
      const from = step - (step % 7);
      const to = Math.max(from + 2, 1000 + step);
      expect(windows.window(from, to)).toBe(plain(v, from, to, 0.4, 0.2));
    }
  });
});
