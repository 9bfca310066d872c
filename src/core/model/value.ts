/**
 * Sample values, and the two NaNs that mean something.
 *
 * Prometheus marks the end of a series with a signalling NaN whose payload is 2. JavaScript promises nothing about
 * the bits of a NaN, so values travel in Float64Array columns, whose bulk copies (`set`, `slice`, `copyWithin`,
 * `new Float64Array(other)`) copy bits by specification, and this file alone tells a stale marker from an ordinary
 * NaN or writes either.
 *
 * What V8 does to a marker that passes through a plain number was tested on Node 20, 24 and 26, in the interpreter
 * and every compiler (test/core/model/value.test.ts keeps the ways). Variables, arguments, fields and closures keep
 * the payload, but may set the quiet bit, making 0x7ff0000000000002 0x7ff8000000000002: Node 26 does so now and
 * then wherever a number is boxed. No other source is known for a quiet NaN with payload 2, so it is read as the
 * marker that it was, and written with the bits that a marker must have. Arithmetic keeps the payload too, so
 * markers are left out before it; a plain `number[]` may lose the payload, so no values belong there.
 */

const scratch = new Float64Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

// Typed arrays have the machine's byte order; every platform Node runs on that we support is little-endian.
const LOW = 0;
const HIGH = 1;

const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;
const QUIET_BIT = 0x00080000;
const NORMAL_HIGH = 0x7ff80000;
const NORMAL_LOW = 1;

/** High and low halves of the IEEE 754 bits of `NaN` as Prometheus' parsers produce it (0x7ff8000000000001). */
export const NORMAL_NAN_BITS = { high: NORMAL_HIGH, low: NORMAL_LOW } as const;
/** High and low halves of the stale marker (0x7ff0000000000002). */
export const STALE_NAN_BITS = { high: STALE_HIGH, low: STALE_LOW } as const;

/** Whether row `i` of a value column is the stale marker. Costs one compare for anything that is not a NaN. */
export function isStale(vs: Float64Array, i: number): boolean {
  const v = vs[i];
  if (!Number.isNaN(v)) return false;
  scratch[0] = v;
  return isStaleBits(scratchBits[HIGH], scratchBits[LOW]);
}

/** As `isStale` for a value outside a column. It must come from one without arithmetic, which keeps the payload. */
export function isStaleNaN(v: number): boolean {
  if (!Number.isNaN(v)) return false;
  scratch[0] = v;
  return isStaleBits(scratchBits[HIGH], scratchBits[LOW]);
}

/** Whether these halves of IEEE 754 bits are the stale marker, its quiet bit set underway or not. */
export function isStaleBits(high: number, low: number): boolean {
  return low === STALE_LOW && (high | QUIET_BIT) === (STALE_HIGH | QUIET_BIT);
}

const staleMarker = new Float64Array(Uint32Array.of(STALE_LOW, STALE_HIGH).buffer);
const normalNaN = new Float64Array(Uint32Array.of(NORMAL_LOW, NORMAL_HIGH).buffer);

/** Makes row `i` of a value column the stale marker, bit for bit. */
export function writeStale(vs: Float64Array, i: number): void {
  vs.set(staleMarker, i);
}

/** Makes row `i` of a value column an ordinary NaN with the bits that Prometheus' parsers give it. */
export function writeNaN(vs: Float64Array, i: number): void {
  vs.set(normalNaN, i);
}

/** Sets row `i` from the two halves of its IEEE 754 bits. */
export function writeBits(vs: Float64Array, i: number, high: number, low: number): void {
  scratchBits[HIGH] = high;
  scratchBits[LOW] = low;
  vs.set(scratch, i);
}

/**
 * Reads the halves of row `i`'s bits into `out` as [high, low]; a stale marker always as STALE_NAN_BITS. What is
 * stored or sent goes through here.
 */
export function readBits(vs: Float64Array, i: number, out: Uint32Array): void {
  const v = vs[i];
  if (Number.isNaN(v)) {
    // Any NaN's bits are read from memory: as a number it might lose its signalling bit.
    const bits = new Uint32Array(vs.buffer, vs.byteOffset + i * 8, 2);
    out[0] = isStaleBits(bits[HIGH], bits[LOW]) ? STALE_HIGH : bits[HIGH];
    out[1] = bits[LOW];
    return;
  }
  scratch[0] = v;
  out[0] = scratchBits[HIGH];
  out[1] = scratchBits[LOW];
}

const bitsA = new Uint32Array(2);
const bitsB = new Uint32Array(2);

/** Whether both are the same value bit for bit (so a NaN equals itself, and 0 differs from -0). */
export function sameBits(a: Float64Array, i: number, b: Float64Array, j: number): boolean {
  const x = a[i];
  const y = b[j];
  if (x === y) return x !== 0 || Object.is(x, y);
  if (!Number.isNaN(x) || !Number.isNaN(y)) return false;
  readBits(a, i, bitsA);
  readBits(b, j, bitsB);
  return bitsA[0] === bitsB[0] && bitsA[1] === bitsB[1];
}
