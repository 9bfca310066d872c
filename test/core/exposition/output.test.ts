import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/core/exposition/output.ts';

const written = (write: (out: Output) => void): string => {
  const out = new Output(1);
  write(out);
  return Buffer.from(out.take()).toString();
};

describe('Output', () => {
  it('writes numbers that read back as the same number', () => {
    const anyNumber = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(anyNumber, (v) => {
        const text = written((out) => out.finite(v));
        expect(Object.is(Number(text), v)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes the shortest digits, as JavaScript does', () => {
    const places = fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(10, 1000, 1e6, 1e8));
    fc.assert(
      fc.property(places, ([n, by]) => {
        const v = n / by + 0;
        expect(written((out) => out.finite(v))).toBe(String(v));
      }),
      { numRuns: 2000 },
    );
    expect(written((out) => out.finite(-0))).toBe('-0');
    expect(written((out) => out.finite(0.1 + 0.2))).toBe('0.30000000000000004');
    expect(written((out) => out.finite(5e-7))).toBe('5e-7');
    expect(written((out) => out.finite(Number.MAX_SAFE_INTEGER))).toBe('9007199254740991');
    expect(written((out) => out.finite(1e22))).toBe('1e+22');
  });

  it('writes text as UTF-8', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const out = new Output(1);
        for (const text of texts) out.utf8(text);
        expect(Buffer.from(out.take())).toEqual(Buffer.concat(texts.map((text) => Buffer.from(text))));
      }),
    );
  });

  it('begins anew after take', () => {
    const out = new Output(4);
    out.ascii('abc');
    expect(Buffer.from(out.take()).toString()).toBe('abc');
    expect(out.length).toBe(0);
    out.byte(0x64);
    out.copy(Buffer.from('efgh'));
    expect(Buffer.from(out.take()).toString()).toBe('defgh');
  });
});
