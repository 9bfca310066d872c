/**
 * Sample values, and the two NaNs that mean something.
 *
 * Prometheus marks the end of a series with a signalling NaN whose payload is 2. JavaScript promises nothing about
 * the payload of a NaN held in a plain `number`, so values travel in Float64Array columns, which are copied as
 * bits, and this file alone tells a stale marker from an ordinary NaN or writes either.
 */

const scratch = new Float64Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

// Typed arrays have the machine's byte order; every platform Node runs on that we support is little-endian.
const LOW = 0;
const HIGH = 1;

const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;
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
  scratch.set(vs.subarray(i, i + 1));
  return scratchBits[HIGH] === STALE_HIGH && scratchBits[LOW] === STALE_LOW;
}

/** Makes row `i` of a value column the stale marker, bit for bit. */
export function writeStale(vs: Float64Array, i: number): void {
  writeBits(vs, i, STALE_HIGH, STALE_LOW);
}

/** Makes row `i` of a value column an ordinary NaN with the bits that Prometheus' parsers give it. */
export function writeNaN(vs: Float64Array, i: number): void {
  writeBits(vs, i, NORMAL_HIGH, NORMAL_LOW);
}

/** Sets row `i` from the two halves of its IEEE 754 bits. */
export function writeBits(vs: Float64Array, i: number, high: number, low: number): void {
  const bits = new Uint32Array(vs.buffer, vs.byteOffset + i * 8, 2);
  bits[HIGH] = high;
  bits[LOW] = low;
}

/** Reads the halves of row `i`'s bits into `out` as [high, low]. */
export function readBits(vs: Float64Array, i: number, out: Uint32Array): void {
  const bits = new Uint32Array(vs.buffer, vs.byteOffset + i * 8, 2);
  out[0] = bits[HIGH];
  out[1] = bits[LOW];
}

/** Whether both are the same value bit for bit (so a NaN equals itself, and 0 differs from -0). */
export function sameBits(a: Float64Array, i: number, b: Float64Array, j: number): boolean {
  const x = new Uint32Array(a.buffer, a.byteOffset + i * 8, 2);
  const y = new Uint32Array(b.buffer, b.byteOffset + j * 8, 2);
  return x[0] === y[0] && x[1] === y[1];
}
