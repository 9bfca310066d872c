/**
 * xxHash64 with seed 0 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), for the few places where our hash
 * has to be Prometheus' own: the choice that `limit_ratio` makes. In BigInt arithmetic, so not for hot paths.
 */

const PRIME1 = 0x9e3779b185ebca87n;
const PRIME2 = 0xc2b2ae3d27d4eb4fn;
const PRIME3 = 0x165667b19e3779f9n;
const PRIME4 = 0x85ebca77c2b2ae63n;
const PRIME5 = 0x27d4eb2f165667c5n;

export function xxhash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const n = bytes.length;
  let at = 0;
  let h: bigint;
  if (n >= 32) {
    let a = u64(PRIME1 + PRIME2);
    let b = PRIME2;
    let c = 0n;
    let d = u64(-PRIME1);
    for (; at + 32 <= n; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    h = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of [a, b, c, d]) h = u64((h ^ round(0n, lane)) * PRIME1 + PRIME4);
  } else {
    h = PRIME5;
  }
  h = u64(h + BigInt(n));
  for (; at + 8 <= n; at += 8) {
    h = u64(rotate(h ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME1 + PRIME4);
  }
  if (at + 4 <= n) {
    h = u64(rotate(h ^ u64(BigInt(view.getUint32(at, true)) * PRIME1), 23n) * PRIME2 + PRIME3);
    at += 4;
  }
  for (; at < n; at++) h = u64(rotate(h ^ u64(BigInt(bytes[at]) * PRIME5), 11n) * PRIME1);
  h = u64((h ^ (h >> 33n)) * PRIME2);
  h = u64((h ^ (h >> 29n)) * PRIME3);
  return h ^ (h >> 32n);
}

function round(accumulator: bigint, lane: bigint): bigint {
  return u64(rotate(u64(accumulator + lane * PRIME2), 31n) * PRIME1);
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64((value << bits) | (value >> (64n - bits)));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
