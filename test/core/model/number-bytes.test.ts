import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson } from '../../../src/core/model/number.ts';
import { MAX_NUMBER_BYTES, writeJsonNumber } from '../../../src/core/model/number-bytes.ts';

const bytes = new Uint8Array(MAX_NUMBER_BYTES + 2);
const decoder = new TextDecoder();

function written(v: number): string {
  bytes.fill(0);
  const end = writeJsonNumber(bytes, 1, v);
  expect(end - 1).toBeLessThanOrEqual(MAX_NUMBER_BYTES);
  expect(bytes[0]).toBe(0);
  return decoder.decode(bytes.subarray(1, end));
}

const expectSame = (v: number) => {
  const text = written(v);
  // Not `expect` for each: there are many.
  if (text !== formatJson(v)) throw new Error(`${text} is not ${formatJson(v)}`);
};

const halves = new Uint32Array(2);
const float = new Float64Array(halves.buffer);
function fromBits(high: number, low: number): number {
  halves[1] = high;
  halves[0] = low;
  return float[0];
}

describe('numbers in bytes are those of formatJson', () => {
  test.each([
    0,
    -0,
    1,
    -1,
    0.1,
    0.25,
    0.3,
    -1.5,
    99999999,
    100000000,
    123456.789,
    999999999999999,
    999999999999999.9,
    1e15,
    1e16,
    1e21,
    1.5e300,
    1e-6,
    1.5e-6,
    1e-7,
    5e-324,
    9007199254740992,
    0.1 + 0.2,
    1 / 3,
    2 / 3,
    100 / 3,
    Math.PI,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ])('%d', (v) => {
    expect(written(v)).toBe(formatJson(v));
  });

  test('of any bits', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (high, low) => expectSame(fromBits(high, low))),
      { numRuns: 20_000 },
    );
  });

  test('of the sizes that metrics have', () => {
    const exponent = fc.integer({ min: -24, max: 54 });
    fc.assert(
      fc.property(exponent, fc.nat(0xfffff), fc.nat(0xffffffff), fc.boolean(), (e, high, low, negative) => {
        const v = fromBits(((1023 + e) << 20) | high, low);
        expectSame(negative ? -v : v);
      }),
      { numRuns: 50_000 },
    );
  });

  test('of few decimals, and their neighbours', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(22), fc.integer({ min: 0, max: 16 }), (n, k, fewer) => {
        const v = Number(`${Math.floor(n / 10 ** fewer)}e-${k}`);
        float[0] = v;
        const low = halves[0];
        expectSame(v);
        expectSame(fromBits(halves[1], low + 1));
        float[0] = v;
        expectSame(fromBits(halves[1], low - 1));
      }),
      { numRuns: 50_000 },
    );
  });

  test('around the powers of two and ten', () => {
    for (const power of [
      ...Array.from({ length: 80 }, (_, i) => 2 ** (i - 25)),
      ...Array.from({ length: 24 }, (_, i) => Number(`1e${i - 8}`)),
    ]) {
      for (let step = -300; step <= 300; step++) {
        float[0] = power;
        const low = halves[0] + step;
        const carry = low < 0 ? -1 : low > 0xffffffff ? 1 : 0;
        expectSame(fromBits(halves[1] + carry, low));
      }
    }
  });
});
