import { describe, expect, it } from 'vitest';
import { halfSipHash } from '../../../src/core/encoding/siphash.ts';

const key0 = 0x03020100;
const key1 = 0x07060504;

function hash(bytes: Uint8Array, start = 0, end = bytes.length, k0 = key0): string {
  const out = new Uint32Array(3);
  halfSipHash(k0, key1, bytes, start, end, out, 1);
  expect(out[0]).toBe(0);
  return Buffer.from(out.buffer, 4, 8).toString('hex');
}

const ascending = Uint8Array.from({ length: 64 }, (_, i) => i);

describe('halfSipHash', () => {
  // The 64-bit vectors of the reference implementation, for the key 00 01 … 07 and inputs 00 01 … of each length.
  it.each([
    [0, '218d1f59b9b83cc8'],
    [1, 'be552412f8387315'],
    [2, '064f39ef7c50eb57'],
    [3, 'ce0f1a45f7060679'],
    [4, 'd5e78a175be52ea1'],
    [5, 'cb9d7c3f2f3db580'],
  ])('gives the reference value for %i bytes', (length, expected) => {
    expect(hash(ascending.subarray(0, length))).toBe(expected);
  });

  it('depends on every byte, the length, and the key, and on nothing outside the range', () => {
    const seen = new Set<string>();
    for (let length = 0; length <= 64; length++) seen.add(hash(ascending, 0, length));
    for (let at = 0; at < 64; at++) {
      const changed = ascending.slice();
      changed[at] ^= 0x80;
      seen.add(hash(changed));
    }
    seen.add(hash(ascending, 0, 64, key0 + 1));
    expect(seen.size).toBe(65 + 64 + 1);
    expect(hash(ascending, 3, 20)).toBe(hash(ascending.slice(3, 20)));
  });
});
