/**
 * ULIDs, the names of blocks: 48 bits of milliseconds and 80 random bits in Crockford's base 32, so that names sort
 * by the time they were made. https://github.com/ulid/spec
 */
import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;

export function makeUlid(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < TIME_CHARS; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = '';
  // Five bits of each byte: 80 of them.
  for (const byte of randomFillSync(new Uint8Array(RANDOM_CHARS))) random += ALPHABET[byte & 31];
  return time + random;
}

/** Whether a directory may be a block, by its name. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

/** When a ULID was made, ms since the epoch. */
export function ulidTime(ulid: string): number {
  let time = 0;
  for (let i = 0; i < TIME_CHARS; i++) time = time * 32 + ALPHABET.indexOf(ulid[i]);
  return time;
}
