/**
 * CRC-32C (Castagnoli), the checksum of WAL fragments, chunks and index sections (RFC 3720, appendix B.4: reflected
 * polynomial 0x82f63b78, all ones before and after). Slicing-by-8: eight table lookups take eight bytes, which on
 * V8 is about four times the speed of one table.
 */

const POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;

/**
 * The checksum of bytes [start, end), an unsigned 32-bit number. `crc` is the checksum of what precedes them, so
 * that crc32c(b, n, m, crc32c(b, 0, n)) is crc32c(b, 0, m).
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, crc = 0): number {
  let c = ~crc;
  let i = start;
  for (const last = end - 7; i < last; i += 8) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c =
      T7[c & 0xff] ^
      T6[(c >>> 8) & 0xff] ^
      T5[(c >>> 16) & 0xff] ^
      T4[c >>> 24] ^
      T3[bytes[i + 4]] ^
      T2[bytes[i + 5]] ^
      T1[bytes[i + 6]] ^
      T0[bytes[i + 7]];
  }
  for (; i < end; i++) c = (c >>> 8) ^ T0[(c ^ bytes[i]) & 0xff];
  return ~c >>> 0;
}

/** Table k gives the effect of a byte that is followed by k zero bytes. */
function makeTables(): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  // A byte's effect is that of its bits together: each power of two by one shift, the rest by those below it.
  for (let bit = 128, c = 1; bit > 0; bit >>>= 1) {
    c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    for (let byte = 0; byte < 256; byte += 2 * bit) tables[0][byte + bit] = tables[0][byte] ^ c;
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const c = tables[k - 1][byte];
      tables[k][byte] = (c >>> 8) ^ tables[0][c & 0xff];
    }
  }
  return tables;
}
