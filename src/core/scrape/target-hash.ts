/**
 * Which moment of the interval belongs to a target: Prometheus' own hashes, so that a fleet keeps its spread, and its
 * load, when one takes over from the other.
 */
import { xxhash64 } from '../encoding/xxhash64.ts';
import type { Labels } from '../model/labels.ts';

const FNV_OFFSET_HIGH = 0xcbf29ce4;
const FNV_OFFSET_LOW = 0x84222325;
/** The prime is 2^40 and this. */
const FNV_PRIME_LOW = 0x1b3;
const TWO_32 = 2 ** 32;

/** The hash of a target from its labels, those with underscores included, and its URL. */
export function targetHash(labels: Labels, url: string): bigint {
  return fnv64a(String(xxhash64(packed(labels))).padStart(16, '0') + url);
}

/** What makes two servers with the same targets scrape at different times: the host's name and external labels. */
export function offsetSeed(host: string, externalLabels: Labels): bigint {
  return fnv64a(host + externalLabels.toString());
}

/** Milliseconds from the start of an interval, in 0 <= offset < intervalMs. */
export function scrapeOffsetMs(hash: bigint, seed: bigint, intervalMs: number): number {
  const nanoseconds = BigInt(intervalMs) * 1_000_000n;
  return Number(((hash ^ seed) % nanoseconds) / 1_000_000n);
}

/** In two halves: in BigInt arithmetic the hashes of ten thousand targets would keep the first of them waiting. */
function fnv64a(text: string): bigint {
  let high = FNV_OFFSET_HIGH;
  let low = FNV_OFFSET_LOW;
  const bytes = Buffer.from(text, 'utf8');
  for (let i = 0; i < bytes.length; i++) {
    const mixed = (low ^ bytes[i]) >>> 0;
    const product = mixed * FNV_PRIME_LOW;
    low = product >>> 0;
    high = (high * FNV_PRIME_LOW + Math.floor(product / TWO_32) + (mixed << 8)) >>> 0;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Names and values as Prometheus keeps them: each after its length, in one byte, or 0xff and three of them. */
function packed(labels: Labels): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const pair of labels) {
    for (const text of pair) {
      const bytes = Buffer.from(text, 'utf8');
      const n = bytes.length;
      parts.push(
        n < 0xff ? Uint8Array.of(n) : Uint8Array.of(0xff, n & 0xff, (n >> 8) & 0xff, n >> 16),
        bytes,
      );
    }
  }
  return Buffer.concat(parts);
}
