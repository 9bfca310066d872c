import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanFloat } from '../../../src/core/exposition/float-scanner.ts';

const column = new Float64Array(2);
const halves = new Uint32Array(column.buffer);

/** Scans `text` before a line break; compares with Number bit for bit. */
function check(text: string): void {
  const bytes = Buffer.from(`x${text}\n`);
  const end = scanFloat(bytes, 1, column, 0);
  column[1] = Number(text);
  if (!Number.isFinite(column[1])) {
    expect(end, text).toBe(-1);
    return;
  }
  expect(end, text).toBe(text.length + 1);
  expect([halves[1], halves[0]], text).toEqual([halves[3], halves[2]]);
}

const digits = (min: number, max: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: min, maxLength: max }).map((d) => d.join(''));
const sign = fc.constantFrom('', '', '-', '+');

describe('scanFloat', () => {
  it('reads what JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => check(String(v))),
      { numRuns: 20_000 },
    );
  });

  it('equals Number for any digits, point and exponent', () => {
    const exponent = fc.option(
      fc.tuple(fc.constantFrom('e', 'E'), sign, fc.integer({ min: 0, max: 60 })).map((e) => e.join('')),
      { nil: '' },
    );
    const number = fc
      .tuple(sign, digits(1, 25), fc.option(digits(0, 20)), exponent)
      .map(([s, whole, fraction, e]) => `${s}${whole}${fraction === null ? '' : `.${fraction}`}${e}`);
    fc.assert(fc.property(number, check), { numRuns: 20_000 });
  });

  it('rounds halfway cases to even, and those beside them the right way', () => {
    const mantissa = fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n });
    fc.assert(
      fc.property(mantissa, fc.integer({ min: 0, max: 11 }), (m, k) => {
        // (2m + 1) / 2^k lies exactly between two floats; times 5^k its digits are those of an integer.
        const halfway = (2n * m + 1n) * 5n ** BigInt(k);
        for (const n of [halfway - 1n, halfway, halfway + 1n]) check(`${n}e-${k}`);
        check(`${2n * m + 1n}e${k}`);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    '0',
    '-0',
    '0.0',
    '00012',
    '.5',
    '5.',
    '1e22',
    '1e23',
    '9007199254740993',
    '9007199254740992.5',
    '1.7976931348623157e308',
    '1.7976931348623159e308',
    '5e-324',
    '2e-324',
    '2.2250738585072011e-308',
    '0.000000000000000000000000000000000000000000000000000000001',
    '123456789012345678901234567890123456789012345678901234567890',
    '1e100000000000000000000',
    '1e-100000000000000000000',
    '0e400',
  ])('reads %s', check);

  it.each(['', '.', '-', '+', 'e5', '-e5', '1e', '1e+', 'NaN', 'Inf', '-.', '.e1', '--1', 'x'])(
    'refuses %j',
    (text) => {
      expect(scanFloat(Buffer.from(`${text}\n`), 0, column, 0)).toBe(-1);
    },
  );

  it('stops where the number ends', () => {
    for (const [text, length] of [
      ['1 2\n', 1],
      ['1.5.6\n', 3],
      ['12abc\n', 2],
      ['-3_000\n', 2],
      ['7\n8\n', 1],
    ] as const) {
      expect(scanFloat(Buffer.from(text), 0, column, 0)).toBe(length);
    }
  });
});
