import { describe, expect, it } from 'vitest';
import {
  isStale,
  isStaleBits,
  isStaleNaN,
  NORMAL_NAN_BITS,
  readBits,
  SampleColumns,
  STALE_NAN_BITS,
  sameBits,
  writeBits,
  writeNaN,
  writeStale,
} from '../../../src/core/model/index.ts';

const ROWS = 3000;

/** Thirds: stale markers, ordinary NaNs, numbers. */
function mixed(): Float64Array {
  const vs = new Float64Array(ROWS);
  for (let i = 0; i < ROWS; i++) {
    if (i % 3 === 0) writeStale(vs, i);
    else if (i % 3 === 1) writeNaN(vs, i);
    else vs[i] = i;
  }
  return vs;
}

function bits(vs: Float64Array, i: number): string {
  const out = new Uint32Array(vs.buffer, vs.byteOffset + 8 * i, 2);
  return out[1].toString(16).padStart(8, '0') + out[0].toString(16).padStart(8, '0');
}

describe('the stale marker', () => {
  it('has the bits that Prometheus gives it, and so has an ordinary NaN', () => {
    const vs = new Float64Array(4);
    writeStale(vs, 2);
    writeNaN(vs, 1);
    expect([0, 1, 2, 3].map((i) => bits(vs, i))).toEqual([
      '0000000000000000',
      '7ff8000000000001',
      '7ff0000000000002',
      '0000000000000000',
    ]);
  });

  it('is told from every other value', () => {
    const vs = Float64Array.of(0, -0, 2, 1e-323, Number.NaN, Number.POSITIVE_INFINITY, -Number.NaN);
    for (let i = 0; i < vs.length; i++) expect(isStale(vs, i)).toBe(false);
    writeBits(vs, 0, 0xfff00000, 2);
    writeBits(vs, 1, 0x7ff00000, 1);
    writeBits(vs, 2, 0x7ff00000, 3);
    writeNaN(vs, 3);
    for (let i = 0; i < 4; i++) expect(isStale(vs, i)).toBe(false);
    writeStale(vs, 3);
    expect(isStale(vs, 3)).toBe(true);
  });

  it('survives in columns that grow', () => {
    const columns = new SampleColumns();
    columns.length = 1;
    writeStale(columns.v, 0);
    columns.reserve(100_000);
    expect(bits(columns.v, 0)).toBe('7ff0000000000002');
  });

  it('is written back exactly where its quiet bit was set underway', () => {
    const vs = new Float64Array(1);
    writeBits(vs, 0, 0x7ff80000, 2);
    expect(isStale(vs, 0)).toBe(true);
    const out = new Uint32Array(2);
    readBits(vs, 0, out);
    expect([...out]).toEqual([STALE_NAN_BITS.high, STALE_NAN_BITS.low]);
  });
});

describe('a stale marker that passes through', () => {
  class Row {
    v = 0.5;
  }
  const seenThrough: Record<string, (vs: Float64Array) => (i: number) => number> = {
    'an index': (vs) => (i) => vs[i],
    'a copy of the column': (vs) => {
      const copy = vs.slice();
      return (i) => copy[i];
    },
    'a copy made row by row': (vs) => {
      const copy = new Float64Array(vs.length);
      for (let i = 0; i < vs.length; i++) copy[i] = vs[i];
      return (i) => copy[i];
    },
    'a map': (vs) => {
      const map = new Map([...vs.entries()]);
      return (i) => map.get(i)!;
    },
    'a field': (vs) => {
      const row = new Row();
      return (i) => {
        row.v = vs[i];
        return row.v;
      };
    },
    'an object literal': (vs) => (i) => ({ t: i, v: vs[i] }).v,
    'a generator': (vs) => {
      const rows = [
        ...(function* () {
          yield* vs;
        })(),
      ];
      return (i) => rows[i];
    },
  };

  it.each(Object.entries(seenThrough))('%s is still one', (_, open) => {
    const vs = mixed();
    // Often enough for the compilers to have their turn.
    for (let round = 0; round < 30; round++) {
      const read = open(vs);
      let wrong = 0;
      for (let i = 0; i < ROWS; i++) if (isStaleNaN(read(i)) !== (i % 3 === 0)) wrong++;
      expect(wrong).toBe(0);
    }
  });
});

describe('bits', () => {
  it('are written and read by halves, in columns that start anywhere', () => {
    const vs = new Float64Array(8).subarray(3, 7);
    const out = new Uint32Array(2);
    for (const [high, low] of [
      [0x3ff00000, 0],
      [0x80000000, 0],
      [0x7ff00000, 7],
      [0xfff12345, 0x89abcdef],
      [NORMAL_NAN_BITS.high, NORMAL_NAN_BITS.low],
      [0, 0],
    ]) {
      writeBits(vs, 2, high, low);
      readBits(vs, 2, out);
      expect([...out]).toEqual([high, low]);
      expect(isStaleBits(high, low)).toBe(false);
    }
  });

  it('tell 0 from -0 and NaN from NaN', () => {
    const vs = Float64Array.of(0, -0, 1.5, 1.5, 0, 0, 0);
    writeNaN(vs, 4);
    writeStale(vs, 5);
    writeNaN(vs, 6);
    const same = (i: number, j: number) => sameBits(vs, i, vs, j);
    expect(same(0, 0)).toBe(true);
    expect(same(0, 1)).toBe(false);
    expect(same(2, 3)).toBe(true);
    expect(same(2, 0)).toBe(false);
    expect(same(4, 6)).toBe(true);
    expect(same(4, 5)).toBe(false);
    expect(same(5, 0)).toBe(false);
  });
});
