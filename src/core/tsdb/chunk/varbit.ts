/**
 * The integers of histogram chunks, written to a BitWriter; `ChunkBits` reads them. A variable bit-width integer is
 * a run of ones that tells the width, a zero (except after eight ones), and the bits.
 * Layout: docs/format/chunk.md.
 */
import type { BitWriter } from '../../encoding/bit-stream.ts';

const TWO_32 = 2 ** 32;
/** Widths that follow one to six ones. */
const WIDTHS = [3, 6, 9, 12, 18, 25];
/** Half of the numbers that each width holds. */
const HALVES = WIDTHS.map((width) => 2 ** (width - 1));

/** Any integer below 2^53 in magnitude. A width of n bits holds -(2^(n-1)-1) to 2^(n-1). */
export function writeVarbitInt(w: BitWriter, value: number): void {
  if (value === 0) {
    w.writeBit(0);
    return;
  }
  for (let i = 0; i < WIDTHS.length; i++) {
    if (value > -HALVES[i] && value <= HALVES[i]) {
      writePrefixed(w, i + 1, value, WIDTHS[i]);
      return;
    }
  }
  // Beyond 25 bits come 56, and then all 64, which no integer that a double holds exactly needs.
  writeWide(w, Math.floor(value / TWO_32) & 0xffffff, value);
}

/** Any integer from 0 to 2^53. */
export function writeVarbitUint(w: BitWriter, value: number): void {
  if (value === 0) {
    w.writeBit(0);
    return;
  }
  for (let i = 0; i < WIDTHS.length; i++) {
    if (value < HALVES[i] * 2) {
      writePrefixed(w, i + 1, value, WIDTHS[i]);
      return;
    }
  }
  writeWide(w, Math.floor(value / TWO_32), value);
}

function writePrefixed(w: BitWriter, ones: number, value: number, width: number): void {
  w.writeBits((2 << ones) - 2, ones + 1);
  w.writeBits(value, width);
}

function writeWide(w: BitWriter, high24: number, value: number): void {
  w.writeBits(0xfe, 8);
  w.writeBits(high24, 24);
  w.writeBits(value, 32);
}
