import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { isStale, readBits, SampleColumns, writeStale } from '../../../../src/core/model/index.ts';
import {
  appendXor,
  decodeChunk,
  Encoding,
  resumeXor,
  XOR_SAMPLE_ROOM,
  XorMark,
  XorStates,
} from '../../../../src/core/tsdb/chunk/index.ts';
import { plainDecodeXor } from './plain-xor.ts';

/** Samples whose times ascend by steps of all widths, and values of all shapes. */
const samples = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(15_000, 15_000, 15_001, 14_999) },
        fc.integer({ min: 1, max: 9_000 }),
        fc.integer({ min: 1, max: 600_000 }),
        fc.integer({ min: 1, max: 2 ** 45 }),
      ),
      v: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(1, 1, 1, 2, 3, 0.1) },
        fc.integer({ min: 0, max: 1e6 }),
        fc.double(),
      ),
    }),
    { minLength: 1, maxLength: 300 },
  )
  .chain((rows) =>
    fc.record({ rows: fc.constant(rows), start: fc.integer({ min: -(2 ** 43), max: 2 ** 43 }) }),
  );

function encode(
  rows: { step: number; v: number }[],
  start: number,
): { bytes: Uint8Array; columns: SampleColumns } {
  const columns = new SampleColumns();
  columns.reserve(rows.length);
  let t = start;
  for (const { step, v } of rows) {
    columns.t[columns.length] = t;
    columns.v[columns.length++] = v;
    t += step;
  }
  return { bytes: encodeColumns(columns), columns };
}

function encodeColumns(columns: SampleColumns): Uint8Array {
  const states = new XorStates(1);
  const bytes = new Uint8Array(columns.length * XOR_SAMPLE_ROOM + XOR_SAMPLE_ROOM).fill(0xa5);
  bytes.fill(0, 0, 2);
  const bits = new Uint32Array(2);
  for (let i = 0; i < columns.length; i++) {
    readBits(columns.v, i, bits);
    appendXor(states, 0, bytes, 0, columns.t[i], bits[0], bits[1]);
  }
  return bytes.slice(0, states.byteLength(0));
}

function decoded(bytes: Uint8Array, mint?: number, maxt?: number): SampleColumns {
  const out = new SampleColumns();
  decodeChunk(Encoding.xor, bytes, 0, bytes.length, out, mint, maxt);
  return out;
}

const bitsOf = (columns: SampleColumns): bigint[] => [
  ...new BigUint64Array(columns.v.buffer, columns.v.byteOffset, columns.length),
];

describe('XOR chunks', () => {
  test('decode what was appended, as the plain decoder reads it', () => {
    fc.assert(
      fc.property(samples, ({ rows, start }) => {
        const { bytes, columns } = encode(rows, start);
        const out = decoded(bytes);
        const plain = plainDecodeXor(bytes);
        expect(out.length).toBe(rows.length);
        expect([...out.t.subarray(0, out.length)]).toEqual(plain.map((s) => s.t));
        expect([...out.t.subarray(0, out.length)]).toEqual([...columns.t.subarray(0, columns.length)]);
        expect(bitsOf(out)).toEqual(plain.map((s) => s.bits));
        expect(bitsOf(out)).toEqual(bitsOf(columns));
      }),
    );
  });

  test('decode only the range asked for, behind what the columns hold', () => {
    fc.assert(
      fc.property(samples, fc.nat(), fc.nat(), ({ rows, start }, a, b) => {
        const { bytes, columns } = encode(rows, start);
        const mint = columns.t[a % rows.length];
        const maxt = columns.t[b % rows.length];
        const out = new SampleColumns();
        out.t[0] = 7;
        out.length = 1;
        decodeChunk(Encoding.xor, bytes, 0, bytes.length, out, mint, maxt);
        const want = [...columns.t.subarray(0, columns.length)].filter((t) => t >= mint && t <= maxt);
        expect([...out.t.subarray(0, out.length)]).toEqual([7, ...want]);
      }),
    );
  });

  test('decode the same from a mark, whatever was asked for before', () => {
    const ranges = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -2, max: 2 })), { maxLength: 12 });
    fc.assert(
      fc.property(samples, ranges, ({ rows, start }, asked) => {
        const { bytes, columns } = encode(rows, start);
        const mark = new XorMark().of(3);
        for (const [a, b, shift] of asked) {
          const mint = columns.t[a % rows.length] + shift;
          const maxt = columns.t[b % rows.length];
          const want = decoded(bytes, mint, maxt);
          const out = new SampleColumns();
          decodeChunk(Encoding.xor, bytes, 0, bytes.length, out, mint, maxt, mark);
          expect([...out.t.subarray(0, out.length)]).toEqual([...want.t.subarray(0, want.length)]);
          expect(bitsOf(out)).toEqual(bitsOf(want));
        }
        // Of another chunk it says nothing.
        const { bytes: other } = encode([...rows].reverse(), start + 1);
        const mint = columns.t[rows.length >> 1];
        const out = new SampleColumns();
        decodeChunk(Encoding.xor, other, 0, other.length, out, mint, undefined, mark.of(4));
        expect(bitsOf(out)).toEqual(bitsOf(decoded(other, mint)));
      }),
      { numRuns: 400 },
    );
  });

  test('can be resumed after any sample', () => {
    fc.assert(
      fc.property(samples, fc.nat(), ({ rows, start }, at) => {
        const { bytes } = encode(rows, start);
        const k = at % rows.length;
        const { bytes: head } = encode(rows.slice(0, k), start);
        const { columns } = encode(rows, start);
        const states = new XorStates(3);
        states.grow(4);
        const buffer = new Uint8Array(bytes.length + 100).fill(0xff);
        buffer.set(head, 10);
        resumeXor(states, 3, buffer, 10, 10 + head.length);
        const bits = new Uint32Array(2);
        for (let i = k; i < rows.length; i++) {
          readBits(columns.v, i, bits);
          appendXor(states, 3, buffer, 10, columns.t[i], bits[0], bits[1]);
        }
        expect(states.byteLength(3)).toBe(bytes.length);
        expect(buffer.slice(10, 10 + bytes.length)).toEqual(bytes);
      }),
    );
  });

  test('keep stale markers and other NaNs bit for bit', () => {
    const columns = new SampleColumns();
    columns.t.set([1, 2, 3]);
    columns.v.set([1, Number.NaN, 0]);
    writeStale(columns.v, 2);
    columns.length = 3;
    const out = decoded(encodeColumns(columns));
    expect([0, 1, 2].map((i) => isStale(out.v, i))).toEqual([false, false, true]);
    expect(bitsOf(out)).toEqual(bitsOf(columns));
  });

  test('are laid out as documented', () => {
    const { bytes } = encode(
      [
        { step: 1000, v: 1 },
        { step: 1000, v: 1 },
        { step: 1000, v: 1 },
        { step: 0, v: 1.5 },
      ],
      0,
    );
    expect(Buffer.from(bytes).toString('hex')).toBe(
      // 4 samples, time 0, value 1; delta 1000; same; same interval and value; then 0 and a new window of one bit
      '0004' + '00' + '3ff0000000000000' + 'e807' + '0d80c0',
    );
  });

  test('that are cut short are an error, not a crash', () => {
    const { bytes } = encode(
      Array.from({ length: 50 }, (_, i) => ({ step: 1000 + (i % 3) * 700, v: Math.sqrt(i) })),
      1e12,
    );
    for (let size = 0; size < bytes.length - 1; size++) {
      expect(() => decoded(bytes.slice(0, size)), `${size} bytes`).toThrow(CorruptionError);
    }
  });

  test('with any bit flipped are decoded to something or refused', () => {
    const { bytes } = encode(
      Array.from({ length: 20 }, (_, i) => ({ step: 1000 + (i % 3) * 700, v: Math.sqrt(i) })),
      1e12,
    );
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const broken = bytes.slice();
      broken[bit >>> 3] ^= 1 << (bit & 7);
      try {
        expect(decoded(broken).length).toBeLessThanOrEqual(65535);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptionError);
      }
    }
  });

  test('of random bytes are decoded to something or refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(1, 2, 3, 4, 5, 6, 7),
        (bytes, encoding) => {
          try {
            decodeChunk(encoding, bytes, 0, bytes.length, new SampleColumns());
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
