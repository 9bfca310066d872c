/**
 * Decodes float chunks of encoding XOR2, which newer Prometheus versions can be told to write: time and value share
 * their control bits, stale markers take none of the value's bits, and start timestamps may follow each sample.
 * Layout: docs/format/chunk.md.
 */
import { CorruptionError } from '../../errors.ts';
import { type SampleColumns, STALE_NAN_BITS } from '../../model/index.ts';
import { ChunkBits } from './bits.ts';
import { setStart } from './start-column.ts';
import { StartTimes } from './start-times.ts';
import { halvesOf } from './xor-decoder.ts';

const HEADER_BYTES = 3;
const TWO_32 = 2 ** 32;

/** As `decodeXor`. */
export function decodeXor2(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: SampleColumns,
  mint: number,
  maxt: number,
): void {
  if (end - start < HEADER_BYTES)
    throw new CorruptionError('chunk is shorter than its header', { offset: start });
  const count = (bytes[start] << 8) | bytes[start + 1];
  if (count === 0) return;
  out.reserve(out.length + count);
  const halves = halvesOf(out.v);
  const bits = new ChunkBits();
  bits.open(bytes, start, end);
  bits.at = HEADER_BYTES * 8;
  const starts = new StartTimes(bytes[start + 2]);
  const value = new Xor2Value();
  let t = 0;
  let delta = 0;
  let row = out.length;
  for (let i = 0; i < count; i++) {
    const previousT = t;
    if (i === 0) {
      t = bits.varint();
      value.readFirst(bits);
    } else if (i === 1) {
      delta = bits.uvarint();
      t += delta;
      value.readPrefixed(bits);
    } else {
      delta += readJoint(bits, value);
      t += delta;
    }
    starts.read(bits, i, t, previousT);
    if (bits.overrun || value.trailing < 0 || Number.isNaN(t)) {
      const reason = bits.overrun
        ? 'chunk data ends before its samples do'
        : 'chunk has a number that is too wide';
      throw new CorruptionError(reason, { offset: start + (bits.at >>> 3) });
    }
    if (t > maxt) break;
    if (t < mint) continue;
    out.t[row] = t;
    halves[row * 2] = value.stale ? STALE_NAN_BITS.low : value.low;
    halves[row * 2 + 1] = value.stale ? STALE_NAN_BITS.high : value.high;
    if (starts.present) setStart(out, row, starts.st);
    row++;
  }
  out.length = row;
}

/** Reads the control bits of a third or later sample and its value; returns its delta of deltas in ms. */
function readJoint(bits: ChunkBits, value: Xor2Value): number {
  const ones = Math.min(Math.clz32(~bits.peek()), 5);
  bits.at += Math.min(ones + 1, 5);
  let dod = 0;
  switch (ones) {
    case 0:
      value.stale = false;
      return 0;
    case 1:
      value.stale = false;
      value.readChanged(bits, bits.bit() === 1);
      return 0;
    case 5:
      value.stale = true;
      return 0;
    case 2:
      dod = (bits.bits(13) << 19) >> 19;
      break;
    case 3:
      dod = (bits.bits(20) << 12) >> 12;
      break;
    default:
      bits.bits64();
      dod = bits.high * TWO_32 + (bits.low >>> 0);
  }
  value.readPrefixed(bits);
  return dod;
}

/** The last value that was not a stale marker, from which the next one differs, and the window of differing bits. */
class Xor2Value {
  high = 0;
  low = 0;
  stale = false;
  trailing = 0;
  private leading = 0;

  readFirst(bits: ChunkBits): void {
    bits.bits64();
    this.stale = bits.high === STALE_NAN_BITS.high && bits.low === STALE_NAN_BITS.low;
    if (this.stale) return;
    this.high = bits.high;
    this.low = bits.low;
  }

  /** Prefix 0: as before; 10: in the last window; 110: in a new window; 111: stale. */
  readPrefixed(bits: ChunkBits): void {
    this.stale = false;
    const ones = Math.min(Math.clz32(~bits.peek()), 3);
    bits.at += Math.min(ones + 1, 3);
    if (ones === 3) this.stale = true;
    else if (ones > 0) this.readChanged(bits, ones === 2);
  }

  readChanged(bits: ChunkBits, newWindow: boolean): void {
    if (newWindow) {
      this.leading = bits.bits(5);
      this.trailing = 64 - this.leading - (bits.bits(6) || 64);
      if (this.trailing < 0) return;
    }
    bits.shifted(64 - this.leading - this.trailing, this.trailing);
    this.high ^= bits.high;
    this.low ^= bits.low;
  }
}
