/**
 * The 64-bit hash that Prometheus gives a label set: xxHash64 over its packed form, in which every name and value is
 * preceded by its length in bytes (one byte up to 254, else 255 and three bytes, low first).
 */
import { xxhash64 } from '../encoding/xxhash64.ts';
import type { Labels } from './labels.ts';

export function labelsHash64(labels: Labels): bigint {
  const parts: Buffer[] = [];
  for (const [name, value] of labels) {
    for (const text of [name, value]) {
      const bytes = Buffer.from(text, 'utf8');
      parts.push(lengthPrefix(bytes.length), bytes);
    }
  }
  return xxhash64(Buffer.concat(parts));
}

function lengthPrefix(length: number): Buffer {
  if (length < 255) return Buffer.of(length);
  return Buffer.of(255, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff);
}
