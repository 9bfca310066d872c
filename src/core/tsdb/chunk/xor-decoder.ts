/**
 * Decodes float chunks (encoding XOR): timestamps as deltas of deltas, values xor-ed with the one before, after
 * Gorilla (VLDB 2015). Layout: docs/format/chunk.md.
 *
 * This is the hottest loop of reading. It works on local variables alone, looks at 32 bits at a time, and takes a
 * run of samples that only repeat (one interval on, same value: two zero bits each) in one look. The plain version
 * it must agree with is in test/core/tsdb/chunk/plain-xor.ts; the measure is bench/chunk.ts.
 */
import { CorruptionError } from '../../errors.ts';
import type { SampleColumns } from '../../model/index.ts';
import { openChunk } from './bits.ts';
import type { XorMark } from './xor-mark.ts';

const TWO_32 = 2 ** 32;
/** Samples that are less than what it takes to note where they end. */
const WORTH_SKIPPING = 8;

let lastColumn: Float64Array | null = null;
let lastHalves: Uint32Array = new Uint32Array(0);

/** The column's values as pairs of 32-bit halves, low half first (see model/value.ts on byte order). */
export function halvesOf(column: Float64Array): Uint32Array {
  if (column !== lastColumn) {
    lastColumn = column;
    lastHalves = new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
  }
  return lastHalves;
}

/**
 * Appends the samples with mint <= t <= maxt of the chunk data [start, end) to `out`. Times in milliseconds.
 * Throws CorruptionError (its offset counted in `bytes`) where the bits end before the samples do; rows decoded by
 * then are not counted in `out.length`. Begins at `mark` where it serves, and leaves there where it found `mint`.
 */
export function decodeXor(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: SampleColumns,
  mint: number,
  maxt: number,
  mark: XorMark | null = null,
): void {
  if (end - start < 2) throw new CorruptionError('chunk is shorter than its header', { offset: start });
  const count = (bytes[start] << 8) | bytes[start + 1];
  if (count === 0) return;
  out.reserve(out.length + count);
  const ts = out.t;
  const halves = halvesOf(out.v);
  const { view, base } = openChunk(bytes, start, end);
  const endBit = (end - start) * 8;

  let t = 0;
  let delta = 0;
  let high = 0;
  let low = 0;
  let leading = 0;
  let trailing = 0;
  let read = 1;
  let p = 0;
  let w = 0;
  let pos = base + 2;
  if (mark !== null && mark.from <= mint) {
    ({ t, delta, high, low, leading, trailing, read, bit: p } = mark);
  } else {
    // First sample: varint time, plain value.
    let byte = view.getUint8(pos++);
    const negative = (byte & 1) !== 0;
    t = (byte & 0x7f) >>> 1;
    for (let scale = 64; byte >= 0x80 && scale < TWO_32 * TWO_32; scale *= 128) {
      byte = view.getUint8(pos++);
      t += (byte & 0x7f) * scale;
    }
    if (negative) t = -t - 1;
    high = view.getInt32(pos);
    low = view.getInt32(pos + 4);
    pos += 8;
    // Second sample: its delta as a varint, then its value as all later ones.
    if (count > 1 && t <= maxt) {
      let scale = 1;
      do {
        byte = view.getUint8(pos++);
        delta += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte >= 0x80 && scale < TWO_32 * TWO_32);
    }
    p = (pos - base) * 8;
  }
  const firstRow = out.length;
  let row = firstRow;
  ts[row] = t;
  halves[row * 2] = low;
  halves[row * 2 + 1] = high;
  if (t >= mint && t <= maxt) row++;

  while (read < count && t <= maxt) {
    if (p > endBit) throw endsEarly(start, end);
    // At least 25 bits, which is enough for nearly everything that comes.
    w = view.getInt32(base + (p >>> 3)) << (p & 7);

    if (read > 1) {
      if (w >= 0) {
        if ((w & 0x40000000) === 0) {
          pos = base + (p >>> 3);
          w |= view.getUint8(pos + 4) >>> (8 - (p & 7));
          let run = Math.clz32(w) >>> 1;
          if (run > count - read) run = count - read;
          read += run;
          p += run * 2;
          for (; run > 0; run--) {
            t += delta;
            ts[row] = t;
            halves[row * 2] = low;
            halves[row * 2 + 1] = high;
            // A row outside the range is written over by the next one.
            if (t >= mint && t <= maxt) row++;
          }
          continue;
        }
        p += 1;
        w <<= 1;
      } else if ((w & 0x40000000) === 0) {
        const raw = (w >>> 16) & 0x3fff;
        delta += raw > 0x2000 ? raw - 0x4000 : raw;
        p += 16;
        // What is left of the bits will do for the next two.
        w <<= 16;
      } else {
        if ((w & 0x20000000) === 0) {
          const raw = (w >>> 12) & 0x1ffff;
          delta += raw > 0x10000 ? raw - 0x20000 : raw;
          p += 20;
        } else if ((w & 0x10000000) === 0) {
          const raw = (w >>> 8) & 0xfffff;
          delta += raw > 0x80000 ? raw - 0x100000 : raw;
          p += 24;
        } else {
          p += 4;
          pos = base + (p >>> 3);
          const dodHigh = (view.getInt32(pos) << (p & 7)) | (view.getUint8(pos + 4) >>> (8 - (p & 7)));
          const dodLow = (view.getInt32(pos + 4) << (p & 7)) | (view.getUint8(pos + 8) >>> (8 - (p & 7)));
          delta += dodHigh * TWO_32 + (dodLow >>> 0);
          p += 64;
        }
        w = view.getInt32(base + (p >>> 3)) << (p & 7);
      }
    }
    t += delta;

    if (w >= 0) {
      p += 1;
    } else {
      if ((w & 0x40000000) === 0) {
        p += 2;
      } else {
        w = view.getInt32(base + (p >>> 3)) << (p & 7);
        leading = (w >>> 25) & 31;
        trailing = 64 - leading - ((w >>> 19) & 63 || 64);
        if (trailing < 0) {
          throw new CorruptionError('chunk has a value of more than 64 bits', { offset: start + (p >>> 3) });
        }
        p += 13;
      }
      const width = 64 - leading - trailing;
      pos = base + (p >>> 3);
      w = view.getInt32(pos) << (p & 7);
      if (width > 25) w |= view.getUint8(pos + 4) >>> (8 - (p & 7));
      if (width <= 32) {
        const v = w >>> (32 - width);
        if (trailing >= 32) {
          high ^= v << (trailing - 32);
        } else {
          if (trailing !== 0) high ^= v >>> (32 - trailing);
          low ^= v << trailing;
        }
      } else {
        const q = p + width - 32;
        pos = base + (q >>> 3);
        const lower = (view.getInt32(pos) << (q & 7)) | (view.getUint8(pos + 4) >>> (8 - (q & 7)));
        const upper = w >>> (64 - width);
        if (trailing === 0) {
          high ^= upper;
          low ^= lower;
        } else {
          high ^= (upper << trailing) | (lower >>> (32 - trailing));
          low ^= lower << trailing;
        }
      }
      p += width;
    }
    ts[row] = t;
    halves[row * 2] = low;
    halves[row * 2 + 1] = high;
    read++;
    if (t >= mint && t <= maxt) {
      if (row === firstRow && mark !== null && read > WORTH_SKIPPING) {
        mark.from = mint;
        mark.read = read;
        mark.t = t;
        mark.delta = delta;
        mark.high = high;
        mark.low = low;
        mark.leading = leading;
        mark.trailing = trailing;
        mark.bit = p;
      }
      row++;
    }
  }
  if (p > endBit) throw endsEarly(start, end);
  out.length = row;
}

function endsEarly(start: number, end: number): CorruptionError {
  return new CorruptionError(`chunk data ends before its samples do (${end - start} bytes)`, { offset: end });
}
