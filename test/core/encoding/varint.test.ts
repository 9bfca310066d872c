import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readInt64,
  readUint64,
  readUvarint,
  readVarint,
  uvarintSize,
  writeInt64,
  writeUvarint,
  writeVarint,
} from '../../../src/core/encoding/varint.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const edges = [
  0,
  1,
  63,
  64,
  127,
  128,
  2 ** 27,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 31,
  2 ** 32,
  2 ** 35 - 1,
  2 ** 52,
  MAX,
];
const naturals = fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges));
const integers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges, ...edges.map((n) => -n || 0)));

/** The definition with BigInt. */
function plain(value: bigint): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return [...out, Number(rest)];
}

const zigzag = (value: number): bigint => (BigInt(value) << 1n) ^ (BigInt(value) >> 63n);

describe('varint', () => {
  it('writes and reads unsigned values', () => {
    fc.assert(
      fc.property(naturals, (value) => {
        const bytes = new Uint8Array(12);
        const end = writeUvarint(bytes, 1, value);
        expect([...bytes.subarray(1, end)]).toEqual(plain(BigInt(value)));
        expect(uvarintSize(value)).toBe(end - 1);
        const cursor = { pos: 1 };
        expect(readUvarint(bytes, cursor, end)).toBe(value);
        expect(cursor.pos).toBe(end);
      }),
    );
  });

  it('writes and reads signed values', () => {
    fc.assert(
      fc.property(integers, (value) => {
        const bytes = new Uint8Array(12);
        const end = writeVarint(bytes, 0, value);
        expect([...bytes.subarray(0, end)]).toEqual(plain(zigzag(value)));
        const cursor = { pos: 0 };
        expect(readVarint(bytes, cursor, end)).toBe(value);
        expect(cursor.pos).toBe(end);
      }),
    );
  });

  it('tells a value that is cut short, and leaves the cursor', () => {
    fc.assert(
      fc.property(naturals, fc.boolean(), (value, signed) => {
        const bytes = new Uint8Array(12);
        const end = (signed ? writeVarint : writeUvarint)(bytes, 0, value);
        for (let cut = 0; cut < end; cut++) {
          const cursor = { pos: 0 };
          expect((signed ? readVarint : readUvarint)(bytes, cursor, cut)).toBeNaN();
          expect(cursor.pos).toBe(0);
        }
      }),
    );
  });

  it('refuses more than 64 bits and rounds, but does not wrap, beyond 2^53', () => {
    const long = new Uint8Array(11).fill(0x80);
    expect(readUvarint(long, { pos: 0 }, 11)).toBeNaN();
    expect(readVarint(long, { pos: 0 }, 11)).toBeNaN();
    const most = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    expect(readUvarint(most, { pos: 0 }, 10)).toBe(2 ** 64);
    expect(readVarint(most, { pos: 0 }, 10)).toBe(-(2 ** 63));
    most[9] = 2;
    expect(readUvarint(most, { pos: 0 }, 10)).toBeNaN();
  });

  it('writes and reads eight-byte integers', () => {
    fc.assert(
      fc.property(integers, (value) => {
        const bytes = Buffer.alloc(10);
        expect(writeInt64(bytes, 1, value)).toBe(9);
        expect(bytes.readBigInt64BE(1)).toBe(BigInt(value));
        expect(readInt64(bytes, 1)).toBe(value);
        if (value >= 0) expect(readUint64(bytes, 1)).toBe(value);
      }),
    );
    expect(readUint64(new Uint8Array(8).fill(0xff), 0)).toBe(2 ** 64);
  });
});
