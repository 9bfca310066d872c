/**
 * Checks that what `JSON.parse` returned has the shape that docs/format/jsonl.md gives a line. The functions return
 * the value, or throw a JsonShapeError that tells where in the line it lies.
 */
import { type Labels, labelsFromObject } from '../model/labels.ts';
import { isValidLabelName, isValidUtf8 } from '../model/names.ts';
import { writeBits, writeNaN, writeStale } from '../model/value.ts';
import type { JsonPath } from './json-place.ts';

export class JsonShapeError extends Error {
  readonly path: JsonPath;
  /** The fault is the key itself, not the value behind it. */
  readonly atKey: boolean;

  constructor(reason: string, path: JsonPath, atKey = false) {
    super(reason);
    this.path = path;
    this.atKey = atKey;
  }
}

export function objectAt(value: unknown, path: JsonPath): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw wrong(value, path, 'an object');
}

export function arrayAt(value: unknown, path: JsonPath): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(value, path, 'an array');
}

export function stringAt(value: unknown, path: JsonPath): string {
  if (typeof value === 'string' && isValidUtf8(value)) return value;
  throw wrong(value, path, 'a string');
}

/** An integer that a float64 holds exactly. */
export function wholeAt(value: unknown, path: JsonPath): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw wrong(value, path, 'a whole number');
}

/** A number whose NaN bits do not matter. */
export function numberAt(value: unknown, path: JsonPath): number {
  if (typeof value === 'number') return value;
  const word = value === null ? Number.NaN : WORDS.get(value as string);
  if (word !== undefined) return word;
  throw wrong(value, path, 'a number');
}

/** Writes a value, with all its bits, into row `row` of a column. */
export function writeValueAt(vs: Float64Array, row: number, value: unknown, path: JsonPath): void {
  if (value === 'stale') {
    writeStale(vs, row);
    return;
  }
  const bits = typeof value === 'string' ? NAN_BITS.exec(value) : null;
  if (bits !== null) {
    writeBits(vs, row, Number.parseInt(bits[1], 16), Number.parseInt(bits[2], 16));
    if (Number.isNaN(vs[row])) return;
    throw wrong(value, path, 'the bits of a NaN');
  }
  const v = numberAt(value, path);
  if (Number.isNaN(v)) writeNaN(vs, row);
  else vs[row] = v;
}

export function labelsAt(value: unknown, path: JsonPath): Labels {
  const object = objectAt(value, path);
  for (const name of Object.keys(object)) {
    if (!isValidLabelName(name)) throw new JsonShapeError('not a label name', [...path, name], true);
    stringAt(object[name], [...path, name]);
  }
  return labelsFromObject(object as Record<string, string>);
}

export function checkKeys(object: Record<string, unknown>, keys: ReadonlySet<string>, path: JsonPath): void {
  for (const key of Object.keys(object)) {
    if (!keys.has(key)) throw new JsonShapeError(`unknown key ${JSON.stringify(key)}`, [...path, key], true);
  }
}

/** `"NaN:"` and the sixteen digits of the value's IEEE 754 bits. */
const NAN_BITS = /^NaN:([\da-f]{8})([\da-f]{8})$/;

/** VictoriaMetrics writes `Infinity`, and Prometheus' formats `+Inf`. */
const WORDS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

function wrong(value: unknown, path: JsonPath, wanted: string): JsonShapeError {
  const last = path.at(-1);
  const what = typeof last === 'number' ? `${path.at(-2)}[${last}]` : (last ?? 'the line');
  if (value !== undefined) return new JsonShapeError(`${what} is not ${wanted}`, path);
  return new JsonShapeError(`${what} is missing`, path.slice(0, -1));
}
