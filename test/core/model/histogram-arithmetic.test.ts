import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addHistogram,
  bucketsOf,
  Combined,
  CounterReset,
  compactHistogram,
  copyHistogram,
  detectReset,
  divideHistogram,
  formatTestHistogram,
  type Histogram,
  HistogramSum,
  hasOverflow,
  histogramsEqual,
  multiplyHistogram,
  subtractHistogram,
  toFloatHistogram,
  trimLower,
  trimUpper,
  validateHistogram,
} from '../../../src/core/model/index.ts';
import { conformanceDir, describeWith } from '../../peers.ts';
import { custom, exponential, histogram, snapshot, total } from './histograms.ts';

function plus(a: string, b: string): string {
  const sum = histogram(a);
  addHistogram(sum, histogram(b));
  compactHistogram(sum, 0);
  return formatTestHistogram(sum);
}

function minus(a: string, b: string): string {
  const difference = histogram(a);
  subtractHistogram(difference, histogram(b));
  compactHistogram(difference, 0);
  return formatTestHistogram(difference);
}

/** Observations at or below `v`, where `v` is a bound of the histogram. */
function countUpTo(h: Histogram, v: number): number {
  const { length, upper, count } = bucketsOf(h);
  let n = 0;
  for (let i = 0; i < length; i++) if (upper[i] <= v) n += count[i];
  return n;
}

describe('addition', () => {
  it.each([
    [
      '{{schema:0 count:4 sum:5 buckets:[1 2 1]}}',
      '{{schema:0 count:4 sum:1 offset:1 buckets:[1 0 0 3]}}',
      '{{count:8 sum:6 buckets:[1 3 1 0 3]}}',
    ],
    // The finer one is made coarser.
    [
      '{{schema:1 count:4 buckets:[1 1 1 1]}}',
      '{{schema:0 count:2 buckets:[1 1]}}',
      '{{count:6 buckets:[2 3 1]}}',
    ],
    [
      '{{schema:0 count:2 buckets:[1 1]}}',
      '{{schema:1 count:4 buckets:[1 1 1 1]}}',
      '{{count:6 buckets:[2 3 1]}}',
    ],
    // The narrower zero bucket takes in the buckets that the wider one covers.
    [
      '{{count:6 z_bucket:1 z_bucket_w:0.25 buckets:[2 3]}}',
      '{{count:3 z_bucket:2 z_bucket_w:1 offset:1 buckets:[1]}}',
      '{{count:9 z_bucket:5 z_bucket_w:1 offset:1 buckets:[4]}}',
    ],
    // … and grows to the end of a populated bucket that it would cut through.
    [
      '{{count:5 buckets:[2 3]}}',
      '{{count:2 z_bucket:2 z_bucket_w:0.75}}',
      '{{count:7 z_bucket:4 z_bucket_w:1 offset:1 buckets:[3]}}',
    ],
    // … but not of an empty one.
    [
      '{{count:3 buckets:[0 3]}}',
      '{{count:2 z_bucket:2 z_bucket_w:0.75}}',
      '{{count:5 z_bucket:2 z_bucket_w:0.75 offset:1 buckets:[3]}}',
    ],
    // Growing for one side can reach into a bucket of the other.
    [
      '{{count:9 z_bucket:1 z_bucket_w:0.001 buckets:[1 1] n_offset:-1 n_buckets:[3 2 1]}}',
      '{{schema:-1 count:2 z_bucket:1 z_bucket_w:0.3 buckets:[1]}}',
      '{{schema:-1 count:11 z_bucket:9 z_bucket_w:1 offset:1 buckets:[1] n_offset:1 n_buckets:[1]}}',
    ],
    [
      '{{schema:-53 count:6 sum:3 custom_values:[1 2] buckets:[1 2 3]}}',
      '{{schema:-53 count:3 sum:1 custom_values:[1 2] offset:1 buckets:[1 2]}}',
      '{{schema:-53 count:9 sum:4 custom_values:[1 2] buckets:[1 3 5]}}',
    ],
    // Custom bounds are reduced to the common ones.
    [
      '{{schema:-53 count:15 sum:55 custom_values:[2 4 6] buckets:[1 2 5 7]}}',
      '{{schema:-53 count:15 sum:56 custom_values:[2 3 4 6] buckets:[1 0 1 5 8]}}',
      '{{schema:-53 count:30 sum:111 custom_values:[2 4 6] buckets:[2 3 10 15]}}',
    ],
    [
      '{{schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]}}',
      '{{schema:-53 count:3 custom_values:[3 4] buckets:[1 1 1]}}',
      '{{schema:-53 count:6 custom_values:[] buckets:[6]}}',
    ],
  ])('%s + %s', (a, b, sum) => {
    expect(plus(a, b)).toBe(sum);
  });

  it('says what it had to reconcile', () => {
    const custom1 = '{{schema:-53 custom_values:[1 2]}}';
    expect(addHistogram(histogram(custom1), histogram(custom1))).toBe(Combined.ok);
    expect(addHistogram(histogram(custom1), histogram('{{schema:-53 custom_values:[1]}}'))).toBe(
      Combined.boundsReconciled,
    );
    expect(addHistogram(histogram('{{schema:-53 custom_values:[1]}}'), histogram(custom1))).toBe(
      Combined.boundsReconciled,
    );
    const exp = histogram('{{count:1 buckets:[1]}}');
    const before = snapshot(exp);
    expect(addHistogram(exp, histogram(custom1))).toBe(Combined.incompatible);
    expect(snapshot(exp)).toBe(before);
  });

  it.each([
    ['unknown', 'unknown', 'unknown', false],
    ['unknown', 'reset', 'unknown', false],
    ['notReset', 'unknown', 'unknown', false],
    ['reset', 'reset', 'reset', false],
    ['gauge', 'reset', 'gauge', false],
    ['unknown', 'gauge', 'gauge', false],
    ['reset', 'notReset', 'unknown', true],
  ] as const)('%s and %s are %s', (a, b, hint, collision) => {
    const h = histogram('{{}}');
    h.counterReset = CounterReset[a];
    const flags = addHistogram(h, { ...histogram('{{}}'), counterReset: CounterReset[b] });
    expect(h.counterReset).toBe(CounterReset[hint]);
    expect(flags).toBe(collision ? Combined.counterResetCollision : Combined.ok);
  });

  it('keeps every observation where it was, in either order, and the second operand as it was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(exponential, exponential), fc.tuple(custom, custom)), ([a, b]) => {
        const beforeB = snapshot(b);
        const sum = copyHistogram(a);
        addHistogram(sum, b);
        expect(snapshot(b)).toBe(beforeB);
        expect(validateHistogram(sum)).toBeUndefined();
        expect(total(sum)).toBe(total(a) + total(b));
        for (const v of bucketsOf(sum).upper)
          expect(countUpTo(sum, v)).toBe(countUpTo(a, v) + countUpTo(b, v));
        const other = copyHistogram(b);
        addHistogram(other, a);
        compactHistogram(sum, 0);
        compactHistogram(other, 0);
        expect(histogramsEqual(sum, other)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('does not change the operand from which a copy shares spans', () => {
    const a = histogram('{{count:1 buckets:[1]}}');
    const before = snapshot(a);
    const sum = copyHistogram(a);
    addHistogram(sum, histogram('{{count:1 offset:5 buckets:[1]}}'));
    multiplyHistogram(sum, 3);
    expect(snapshot(a)).toBe(before);
  });
});

describe('subtraction', () => {
  it.each([
    [
      '{{count:6 sum:9 z_bucket:2 buckets:[1 2 1]}}',
      '{{count:3 sum:4 z_bucket:1 buckets:[1 1]}}',
      '{{count:3 sum:5 z_bucket:1 offset:1 buckets:[1 1]}}',
    ],
    ['{{count:1 buckets:[1]}}', '{{count:2 offset:2 buckets:[2]}}', '{{count:-1 buckets:[1 0 -2]}}'],
    [
      '{{schema:-53 count:6 custom_values:[1 2] buckets:[1 2 3]}}',
      '{{schema:-53 count:2 custom_values:[2] buckets:[1 1]}}',
      '{{schema:-53 count:4 custom_values:[2] buckets:[2 2]}}',
    ],
  ])('%s - %s', (a, b, difference) => {
    expect(minus(a, b)).toBe(difference);
  });

  it('undoes addition', () => {
    fc.assert(
      fc.property(exponential, exponential, (a, b) => {
        const back = copyHistogram(a);
        addHistogram(back, b);
        const layout = copyHistogram(back);
        subtractHistogram(back, b);
        multiplyHistogram(layout, 0);
        layout.counterReset = CounterReset.unknown;
        addHistogram(layout, a);
        compactHistogram(layout, 0);
        compactHistogram(back, 0);
        expect(formatTestHistogram(back)).toBe(formatTestHistogram(layout));
      }),
    );
  });
});

describe('scaling', () => {
  const text = '{{count:6 sum:3 z_bucket:2 buckets:[1 2] n_buckets:[1]}}';

  it('multiplies and divides every count and the sum', () => {
    const h = histogram(text);
    multiplyHistogram(h, 2.5);
    expect(formatTestHistogram(h)).toBe('{{count:15 sum:7.5 z_bucket:5 buckets:[2.5 5] n_buckets:[2.5]}}');
    divideHistogram(h, 5);
    expect(formatTestHistogram(h)).toBe('{{count:3 sum:1.5 z_bucket:1 buckets:[0.5 1] n_buckets:[0.5]}}');
  });

  it('makes a gauge by a negative factor', () => {
    const h = histogram(text);
    multiplyHistogram(h, -1);
    expect(h.counterReset).toBe(CounterReset.gauge);
    const other = histogram(text);
    divideHistogram(other, -2);
    expect(formatTestHistogram(other)).toBe(
      '{{count:-3 sum:-1.5 z_bucket:-1 counter_reset_hint:gauge buckets:[-0.5 -1] n_buckets:[-0.5]}}',
    );
  });

  it('loses the buckets by division by zero', () => {
    const h = histogram(text);
    divideHistogram(h, 0);
    expect(formatTestHistogram(h)).toBe('{{count:+Inf sum:+Inf z_bucket:+Inf}}');
    expect(hasOverflow(h)).toBe(true);
    expect(hasOverflow(histogram(text))).toBe(false);
    expect(hasOverflow(histogram('{{buckets:[1 Inf]}}'))).toBe(true);
  });
});

describe('HistogramSum', () => {
  it('keeps what plain addition loses', () => {
    const sum = new HistogramSum(histogram('{{count:1 sum:5.3 z_bucket:1 buckets:[1 1]}}'));
    sum.add(histogram('{{count:2 sum:1e100 z_bucket:1e100 offset:1 buckets:[1e100]}}'));
    sum.add(histogram('{{count:3 sum:1 z_bucket:2 buckets:[0 2]}}'));
    sum.add(histogram('{{count:4 sum:-1e100 z_bucket:-1e100 buckets:[0 -1e100]}}'));
    expect(formatTestHistogram(sum.total())).toBe('{{count:10 sum:6.3 z_bucket:3 buckets:[1 3]}}');
    sum.multiply(0.5);
    expect(formatTestHistogram(sum.total())).toBe('{{count:5 sum:3.15 z_bucket:1.5 buckets:[0.5 1.5]}}');
  });

  it('keeps it through changes of layout', () => {
    const sum = new HistogramSum(histogram('{{schema:1 count:1 buckets:[1 1 1 1] n_buckets:[1]}}'));
    sum.add(histogram('{{schema:1 count:1 buckets:[0 0 0 1e100]}}'));
    sum.add(histogram('{{schema:0 count:1 z_bucket:1 z_bucket_w:0.75 offset:2 buckets:[-1e100]}}'));
    expect(formatTestHistogram(sum.total())).toBe(
      '{{count:3 z_bucket:3 z_bucket_w:1 offset:1 buckets:[2 1]}}',
    );
  });

  it('is plain addition where nothing is lost', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(exponential, { minLength: 1 }), fc.array(custom, { minLength: 1 })),
        ([first, ...rest]) => {
          const plain = toFloatHistogram(first);
          const sum = new HistogramSum(first);
          for (const h of rest) {
            const flags = addHistogram(plain, h);
            expect(sum.add(h)).toBe(flags);
          }
          compactHistogram(plain, 0);
          expect(formatTestHistogram(sum.total())).toBe(formatTestHistogram(plain));
          expect(formatTestHistogram(sum.clone().total())).toBe(formatTestHistogram(plain));
        },
      ),
    );
  });

  it('does not mix exponential and custom', () => {
    const sum = new HistogramSum(histogram('{{count:1 buckets:[1]}}'));
    expect(sum.add(histogram('{{schema:-53 custom_values:[1]}}'))).toBe(Combined.incompatible);
    expect(formatTestHistogram(sum.total())).toBe('{{count:1 buckets:[1]}}');
  });
});

describe('detectReset', () => {
  it.each([
    // previous, now, reset?
    ['{{count:3 buckets:[1 2]}}', '{{count:3 buckets:[1 2]}}', false],
    ['{{count:3 buckets:[1 2]}}', '{{count:9 sum:-5 buckets:[1 3 5]}}', false],
    ['{{count:3 buckets:[1 2]}}', '{{count:2 buckets:[1 2]}}', true],
    ['{{count:3 buckets:[1 2]}}', '{{count:9 buckets:[9]}}', true],
    ['{{count:3 buckets:[1 2]}}', '{{count:9 buckets:[2 1 6]}}', true],
    ['{{count:1 buckets:[1 0]}}', '{{count:9 buckets:[9]}}', false],
    ['{{count:2 z_bucket:2}}', '{{count:9 z_bucket:1 buckets:[8]}}', true],
    ['{{count:2 n_buckets:[2]}}', '{{count:9 n_buckets:[1]}}', true],
    // The resolution may fall, not rise.
    ['{{schema:1 count:4 buckets:[1 1 2]}}', '{{schema:0 count:4 buckets:[1 3]}}', false],
    ['{{schema:1 count:4 buckets:[1 1 2]}}', '{{schema:0 count:4 buckets:[1 2]}}', true],
    ['{{schema:0 count:1 buckets:[1]}}', '{{schema:1 count:9 buckets:[9]}}', true],
    // The zero bucket may grow over whole buckets, not shrink.
    ['{{count:3 z_bucket:1 z_bucket_w:0.25 buckets:[2]}}', '{{count:3 z_bucket:3 z_bucket_w:1}}', false],
    ['{{count:3 z_bucket:1 z_bucket_w:0.25 buckets:[2]}}', '{{count:3 z_bucket:2 z_bucket_w:1}}', true],
    ['{{count:3 z_bucket:1 z_bucket_w:0.25 buckets:[2]}}', '{{count:9 z_bucket:9 z_bucket_w:0.75}}', true],
    ['{{count:1 z_bucket:1 z_bucket_w:0.5}}', '{{count:9 z_bucket:9 z_bucket_w:0.25}}', true],
    // Custom bounds are compared where both have them.
    [
      '{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}',
      '{{schema:-53 count:4 custom_values:[2] buckets:[2 2]}}',
      false,
    ],
    [
      '{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}',
      '{{schema:-53 count:4 custom_values:[2] buckets:[1 3]}}',
      true,
    ],
    ['{{schema:-53 count:2 custom_values:[1] buckets:[1 1]}}', '{{count:4 buckets:[4]}}', true],
    ['{{count:2 buckets:[2]}}', '{{schema:-53 count:4 custom_values:[1] buckets:[4]}}', true],
    // The hint decides.
    ['{{count:3 buckets:[3]}}', '{{count:1 counter_reset_hint:not_reset}}', false],
    ['{{count:3 buckets:[3]}}', '{{count:3 counter_reset_hint:reset buckets:[3]}}', true],
    ['{{count:3 buckets:[3]}}', '{{count:1 counter_reset_hint:gauge}}', true],
  ])('%s -> %s', (previous, now, reset) => {
    expect(detectReset(histogram(now), histogram(previous))).toBe(reset);
  });

  it('sees none where observations were added, in whatever layout', () => {
    fc.assert(
      fc.property(exponential, exponential, (before, more) => {
        const now = copyHistogram(before);
        addHistogram(now, more);
        expect(detectReset(now, before)).toBe(false);
      }),
    );
  });
});

describe('trimming', () => {
  it('divides the observations between both sides of the limit', () => {
    const limit = fc.oneof(
      fc.double({ min: -20, max: 20, noNaN: true }),
      fc.constantFrom(0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.oneof(exponential, custom), limit, (h, v) => {
        // Zeros are on both sides of zero.
        fc.pre(v !== 0 || h.zeroThreshold > 0);
        const before = snapshot(h);
        const below = trimUpper(h, v);
        const above = trimLower(h, v);
        expect(snapshot(h)).toBe(before);
        // What lies at infinity is on neither side of a finite limit from above.
        const top = h.schema === -53 ? h.positiveBuckets[h.positiveBuckets.length - 1] : 0;
        const whole = total(below) + total(above);
        expect(Math.min(Math.abs(whole - total(h)), Math.abs(whole + top - total(h)))).toBeLessThan(1e-9);
        expect(Math.abs(below.count - total(below))).toBeLessThan(1e-9);
        expect(validateHistogram(below)).toBeUndefined();
        expect(validateHistogram(above)).toBeUndefined();
      }),
    );
  });

  it('keeps nothing at a limit that is no number', () => {
    const h = histogram('{{count:6 sum:3 z_bucket:2 z_bucket_w:0.1 buckets:[1 2] n_buckets:[1]}}');
    expect(formatTestHistogram(trimUpper(h, Number.NaN))).toBe('{{z_bucket_w:0.1}}');
    expect(formatTestHistogram(trimLower(h, Number.NaN))).toBe('{{z_bucket_w:0.1}}');
  });
});

const promqltest = conformanceDir('promqltest');
describeWith('trimming as in upstream’s tests', { promqltest }, () => {
  const loaded = new Map<string, string>();
  const cases: [string, string, number, string][] = [];
  const lines = readFileSync(join(promqltest!, 'native_histograms.test'), 'utf8').split('\n');
  let asked: RegExpExecArray | null = null;
  for (const line of lines) {
    const load = /^\s+(\w+) (\{\{.*?\}\})$/.exec(line.replace(/\s+/g, ' ').replace(/^ /, '  '));
    if (/^eval/.test(line)) asked = /^eval instant at 1m (\w+) (<\/|>\/) ([-+.\w]+)$/.exec(line);
    else if (asked !== null && line.includes('{{')) {
      const [, name, op, limit] = asked;
      if (loaded.has(name)) cases.push([name, op, Number(limit.replace('Inf', 'Infinity')), line]);
      asked = null;
    } else if (load !== null) loaded.set(load[1], load[2]);
  }

  it('finds them', () => {
    expect(cases.length).toBeGreaterThan(40);
  });

  it.each(cases)('%s %s %d', (name, op, limit, expected) => {
    const h = histogram(loaded.get(name)!);
    const got = op === '</' ? trimUpper(h, limit) : trimLower(h, limit);
    const want = histogram(/\{\{.*\}\}/.exec(expected)![0]);
    compactHistogram(want, 0);
    expect(got.count).toBeCloseTo(want.count, 9);
    expect(got.sum).toBeCloseTo(want.sum, 9);
    expect(got.zeroCount).toBeCloseTo(want.zeroCount, 9);
    const numbers = (buckets: Float64Array) => Array.from(buckets, (v) => v.toPrecision(10));
    expect(got.positiveSpans).toEqual(want.positiveSpans);
    expect(got.negativeSpans).toEqual(want.negativeSpans);
    expect(numbers(got.positiveBuckets)).toEqual(numbers(want.positiveBuckets));
    expect(numbers(got.negativeBuckets)).toEqual(numbers(want.negativeBuckets));
  });
});
