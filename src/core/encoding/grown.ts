/** Columns that grow: typed arrays are replaced by longer ones. */

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** How long a column of `length` becomes that must have room for `needed`. */
export function grownLength(length: number, needed: number): number {
  return Math.max(needed, length + (length >>> 1), 256);
}

/** `to` with the content of `from`. */
export function copied<T extends Column>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** A column that other threads may be handed without a copy. */
export function sharedColumn(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * 4));
}
