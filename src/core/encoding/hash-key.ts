/** Keys for hash tables that strangers fill: whoever cannot guess the key cannot choose what shares a slot. */
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * So many random words. From the system's device where there is one, since the `crypto` of Node takes 3 ms to load, which
 * is an eighth of what a small command takes as a whole.
 */
export function hashKey(words: number): Uint32Array {
  const key = new Uint32Array(words);
  try {
    const device = openSync('/dev/urandom', 'r');
    try {
      if (readSync(device, key) === key.byteLength) return key;
    } finally {
      closeSync(device);
    }
  } catch {
    // Another system, or a root without devices.
  }
  return crypto.getRandomValues(key);
}
