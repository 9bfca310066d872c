/**
 * Parts of a request in JSON (https://protobuf.dev/programming-guides/json/, with what OTLP says of it: ids are
 * hexadecimal). Names may be written as in the .proto files, too; 64-bit integers may be numbers or texts.
 */
import { InputError } from '../errors.ts';
import { parseGoFloat } from '../model/number.ts';
import { type AttributeValue, valueText } from './attribute-value.ts';
import type { Attributes, NumberList } from './data-point.ts';
import { millisOfNumber, millisOfText } from './nanoseconds.ts';
import { MAX_VALUE_DEPTH } from './request.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const NONE: JsonObject = Object.freeze({});

export function jsonFault(name: string, wanted: string): InputError {
  return new InputError('bad_json', `"${name}" is not ${wanted}`);
}

/** The member of that name, which has a second spelling; null is none. */
export function member(object: JsonObject, name: string, other: string = name): unknown {
  return (
    (Object.hasOwn(object, name) ? object[name] : undefined) ??
    (other !== name && Object.hasOwn(object, other) ? object[other] : undefined) ??
    undefined
  );
}

export function objectOf(value: unknown, name: string): JsonObject {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== 'object' || Array.isArray(value)) throw jsonFault(name, 'an object');
  return value as JsonObject;
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw jsonFault(name, 'a list');
  return value;
}

export function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw jsonFault(name, 'a string');
  return value;
}

export function boolOf(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw jsonFault(name, 'true or false');
  return value;
}

/** Of 64 bits: rounded where a number does not hold it. */
export function integerOf(value: unknown, name: string): number {
  return Number(exactInteger(value, name));
}

export function unsignedOf(value: unknown, name: string): number {
  const n = integerOf(value, name);
  if (n < 0) throw jsonFault(name, 'an unsigned integer');
  return n;
}

export function int32Of(value: unknown, name: string): number {
  const n = integerOf(value, name);
  if (n !== (n | 0)) throw jsonFault(name, 'an integer of 32 bits');
  return n;
}

export function doubleOf(value: unknown, name: string): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const v = typeof value === 'string' ? parseGoFloat(value) : undefined;
  if (v === undefined) throw jsonFault(name, 'a number');
  return v;
}

export function timeOf(value: unknown, name: string): number {
  if (value === undefined) return 0;
  const t =
    typeof value === 'string'
      ? millisOfText(value)
      : typeof value === 'number'
        ? millisOfNumber(value)
        : undefined;
  if (t === undefined) throw jsonFault(name, 'a time in nanoseconds');
  return t;
}

/** Nothing and zeros are none. */
export function idOf(value: unknown, size: number, name: string): string {
  const text = textOf(value, name).toLowerCase();
  if (text !== '' && !(text.length === size * 2 && /^[\da-f]*$/.test(text))) {
    throw jsonFault(name, `an id of ${size} bytes in hexadecimal`);
  }
  return /^0*$/.test(text) ? '' : text;
}

export function pushAll(
  value: unknown,
  name: string,
  into: NumberList,
  read: (value: unknown, name: string) => number,
): void {
  for (const entry of listOf(value, name)) into.push(read(entry ?? undefined, name));
}

export function readJsonAttributes(value: unknown, name: string, into: Attributes): void {
  for (const entry of listOf(value, name)) {
    const pair = objectOf(entry, name);
    const key = textOf(member(pair, 'key'), 'key');
    into.add(key, valueText(anyValue(member(pair, 'value'), 0)));
  }
}

function anyValue(value: unknown, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw new InputError('bad_json', `values nest deeper than ${MAX_VALUE_DEPTH}`);
  const object = objectOf(value, 'value');
  const of = (name: string, other: string) => member(object, name, other);
  const text = of('stringValue', 'string_value');
  if (text !== undefined) return textOf(text, 'stringValue');
  const bool = of('boolValue', 'bool_value');
  if (bool !== undefined) return boolOf(bool, 'boolValue');
  const integer = of('intValue', 'int_value');
  if (integer !== undefined) return exactInteger(integer, 'intValue');
  const double = of('doubleValue', 'double_value');
  if (double !== undefined) return doubleOf(double, 'doubleValue');
  const list = of('arrayValue', 'array_value');
  if (list !== undefined) {
    const values = listOf(member(objectOf(list, 'arrayValue'), 'values'), 'values');
    return values.map((inner) => anyValue(inner, depth + 1));
  }
  const map = of('kvlistValue', 'kvlist_value');
  if (map !== undefined) return mapOf(map, depth);
  const bytes = of('bytesValue', 'bytes_value');
  return bytes === undefined ? null : bytesOf(textOf(bytes, 'bytesValue'));
}

function mapOf(value: unknown, depth: number): ReadonlyMap<string, AttributeValue> {
  const entries = listOf(member(objectOf(value, 'kvlistValue'), 'values'), 'values');
  return new Map(
    entries.map((entry) => {
      const pair = objectOf(entry, 'values');
      return [textOf(member(pair, 'key'), 'key'), anyValue(member(pair, 'value'), depth + 1)];
    }),
  );
}

function bytesOf(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) throw jsonFault('bytesValue', 'base64');
  return Buffer.from(text, 'base64');
}

/** A bigint where a number does not hold it. */
function exactInteger(value: unknown, name: string): number | bigint {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value !== 'string' || !/^[+-]?\d{1,20}$/.test(value)) throw jsonFault(name, 'an integer');
  const n = Number(value);
  if (Number.isSafeInteger(n)) return n;
  const exact = BigInt(value.replace('+', ''));
  if (exact >= 2n ** 64n || exact < -(2n ** 63n)) throw jsonFault(name, 'an integer of 64 bits');
  return exact;
}
