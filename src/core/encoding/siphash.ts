/**
 * HalfSipHash-2-4 (Aumasson and Bernstein, 2012; the 32-bit variant): a hash under a secret key, for tables whose
 * keys strangers choose. Without the key nobody can make two inputs collide.
 */

/** Hashes bytes [start, end) under a key of 64 bits; `out[at]` and `out[at + 1]` receive the 64 bits of the hash. */
export function halfSipHash(
  key0: number,
  key1: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint32Array,
  at: number,
): void {
  const length = end - start;
  let v0 = key0;
  let v1 = key1 ^ 0xee;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  const whole = start + (length & ~3);
  let word = 0;
  for (let i = start; i <= whole; i += 4) {
    if (i < whole) {
      word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    } else {
      word = length << 24;
      for (let rest = (length & 3) - 1; rest >= 0; rest--) word |= bytes[i + rest] << (8 * rest);
    }
    v3 ^= word;
    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  v2 ^= 0xee;
  for (let half = 0; half < 2; half++) {
    for (let round = 0; round < 4; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    out[at + half] = v1 ^ v3;
    if (half === 0) v1 ^= 0xdd;
  }
}
