import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatF,
  formatG,
  formatJson,
  goFloatError,
  parseGoFloat,
  parseSampleFloat,
} from '../../../src/core/model/index.ts';

const any = fc.double({ noNaN: false });

describe('formatting', () => {
  it.each([
    // v, 'g', 'f', JSON
    [0, '0', '0', '0'],
    [-0, '-0', '-0', '-0'],
    [1, '1', '1', '1'],
    [0.5, '0.5', '0.5', '0.5'],
    [999999, '999999', '999999', '999999'],
    [1e6, '1e+06', '1000000', '1000000'],
    [-123456789.125, '-1.23456789125e+08', '-123456789.125', '-123456789.125'],
    [1e20, '1e+20', '100000000000000000000', '100000000000000000000'],
    [1e21, '1e+21', '1000000000000000000000', '1e+21'],
    [1.5e300, '1.5e+300', `15${'0'.repeat(299)}`, '1.5e+300'],
    [0.0001, '0.0001', '0.0001', '0.0001'],
    [0.00001, '1e-05', '0.00001', '0.00001'],
    [0.0000015, '1.5e-06', '0.0000015', '0.0000015'],
    [1e-7, '1e-07', '0.0000001', '1e-07'],
    [5e-324, '5e-324', `0.${'0'.repeat(323)}5`, '5e-324'],
    // 'f' prints the shortest digits and then zeros, not the exact value, which ends in 3424.
    [2 ** 70, '1.1805916207174113e+21', '1180591620717411300000', '1.1805916207174113e+21'],
    [Number.POSITIVE_INFINITY, '+Inf', '+Inf', '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf', '-Inf', '-Inf'],
    [Number.NaN, 'NaN', 'NaN', 'NaN'],
  ])('%d', (v, g, f, json) => {
    expect(formatG(v)).toBe(g);
    expect(formatF(v)).toBe(f);
    expect(formatJson(v)).toBe(json);
  });

  it('is read back as the same number, in every form', () => {
    fc.assert(
      fc.property(any, (v) => {
        for (const format of [formatG, formatF, formatJson]) {
          expect(Object.is(parseGoFloat(format(v)), v)).toBe(true);
        }
      }),
    );
  });

  it('uses the digits that JavaScript uses', () => {
    const significant = (text: string) =>
      text
        .replace(/e.*/, '')
        .replace(/[-.]/g, '')
        .replace(/^0+|0+$/g, '');
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        for (const format of [formatG, formatF]) {
          expect(significant(format(v))).toBe(significant(String(v)));
        }
      }),
    );
  });
});

describe('parseGoFloat', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['+.5e+1', 5],
    ['5.', 5],
    ['0_1', 1],
    ['1_0.2_5', 10.25],
    ['1e1_0', 1e10],
    ['1e-400', 0],
    ['0x10p0', 16],
    ['0X1.8P1', 3],
    ['0x_1p0', 1],
    ['0x1_0p0', 16],
    ['-0x.8p1', -1],
    ['0x1p-1074', 5e-324],
    ['0x1p-1075', 0],
    ['0x1.8p-1075', 5e-324],
    ['0x1p-1080', 0],
    ['0x1.fffffffffffff8p0', 2],
    ['0x1.fffffffffffff7p0', 1.9999999999999998],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x0p99999', 0],
    ['0x10000000000000000000000p-80', 256],
    ['inf', Number.POSITIVE_INFINITY],
    ['+Infinity', Number.POSITIVE_INFINITY],
    ['-INF', Number.NEGATIVE_INFINITY],
    ['nAn', Number.NaN],
  ])('reads %s', (text, v) => {
    expect(parseGoFloat(text)).toBe(v);
  });

  it.each([
    ['', 'invalid syntax'],
    ['.', 'invalid syntax'],
    ['1e', 'invalid syntax'],
    ['e1', 'invalid syntax'],
    [' 1', 'invalid syntax'],
    ['1 ', 'invalid syntax'],
    ['1f', 'invalid syntax'],
    ['infi', 'invalid syntax'],
    ['+nan', 'invalid syntax'],
    ['0x10', 'invalid syntax'],
    ['0xp1', 'invalid syntax'],
    ['0x.p1', 'invalid syntax'],
    ['0b1', 'invalid syntax'],
    ['_1', 'invalid syntax'],
    ['1_', 'invalid syntax'],
    ['1__0', 'invalid syntax'],
    ['1_.0', 'invalid syntax'],
    ['1e400', 'value out of range'],
    ['0x1p2000', 'value out of range'],
    ['0x1.fffffffffffff8p1023', 'value out of range'],
  ])('refuses %j', (text, reason) => {
    expect(parseGoFloat(text)).toBeUndefined();
    expect(goFloatError(text)).toBe(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: ${reason}`);
  });

  it('reads every hexadecimal float exactly', () => {
    const bits = new DataView(new ArrayBuffer(8));
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        bits.setFloat64(0, Math.abs(v));
        const exponent = bits.getUint16(0) >> 4;
        const mantissa = bits.getBigUint64(0) & 0xfffffffffffffn;
        const lead = exponent === 0 ? 0 : 1;
        const text = `0x${lead}.${mantissa.toString(16).padStart(13, '0')}p${Math.max(exponent, 1) - 1023}`;
        expect(parseGoFloat(text)).toBe(Math.abs(v));
      }),
    );
  });
});

describe('parseSampleFloat', () => {
  it('refuses what the expositions refuse', () => {
    expect(parseSampleFloat('1e3')).toBe(1000);
    expect(parseSampleFloat('+Inf')).toBe(Number.POSITIVE_INFINITY);
    expect(parseSampleFloat('0x1p3')).toBeUndefined();
    expect(parseSampleFloat('1_000')).toBeUndefined();
  });
});
