/**
 * Which moment of the interval belongs to a target: Prometheus' own hashes, so that a fleet keeps its spread, and its
 * load, when one takes over from the other. In BigInt arithmetic, once for each target.
 */
import { xxhash64 } from '../encoding/xxhash64.ts';
import type { Labels } from '../model/labels.ts';

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

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

function fnv64a(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text, 'utf8')) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
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
