/** Attributes of a protobuf message (opentelemetry/proto/common/v1/common.proto). */
import { isUtf8 } from 'node:buffer';
import { FIXED64, field, LENGTH, type ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { type AttributeValue, NO_UTF8, valueText } from './attribute-value.ts';
import type { Attributes } from './data-point.ts';
import { MAX_VALUE_DEPTH } from './request.ts';

const SAFE = 2 ** 53;

/** The numbers of a message's fields as bits: those beyond 31 are none of OTLP's. */
export function known(...numbers: number[]): number {
  return numbers.reduce((bits, number) => bits | (1 << number), 0);
}

/** Passes over a field. One that is known must have the type that it is known for. */
export function passOver(reader: ProtobufReader, tag: number, fields: number): void {
  const number = tag >>> 3;
  if (number < 32 && ((fields >>> number) & 1) === 1) {
    throw reader.fault(`wrong wire type ${tag & 7} for field ${number}`);
  }
  reader.skip(tag);
}

/** Bytes that are no UTF-8 are no reason to refuse all: the series that they would name is left out. */
export function readText(reader: ProtobufReader): string {
  const bytes = reader.raw();
  // Most are short and plain, and quicker made here than by a call into the runtime.
  if (bytes.length <= 24) {
    let text = '';
    let i = 0;
    for (; i < bytes.length && bytes[i] < 0x80; i++) text += String.fromCharCode(bytes[i]);
    if (i === bytes.length) return text;
  }
  if (!isUtf8(bytes)) return NO_UTF8;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

const KEY_VALUE = known(1, 2);

/** Reads the field of a KeyValue. */
export function readPair(reader: ProtobufReader, into: Attributes): void {
  const outer = reader.enter();
  readAttribute(reader, into);
  reader.leave(outer);
}

/** Reads a KeyValue, whose message has been entered. */
export function readAttribute(reader: ProtobufReader, into: Attributes): void {
  let key = '';
  let text = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, LENGTH)) key = readText(reader);
    else if (tag === field(2, LENGTH)) {
      const outer = reader.enter();
      text = valueText(readValue(reader, 0));
      reader.leave(outer);
    } else passOver(reader, tag, KEY_VALUE);
  }
  into.add(key, text);
}

const ANY_VALUE = known(1, 2, 3, 4, 5, 6, 7);

function readValue(reader: ProtobufReader, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw reader.fault(`values nest deeper than ${MAX_VALUE_DEPTH}`);
  let value: AttributeValue = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case field(1, LENGTH):
        value = readText(reader);
        break;
      case field(2, VARINT):
        value = reader.bool();
        break;
      case field(3, VARINT):
        value = readInt64(reader);
        break;
      case field(4, FIXED64):
        value = reader.double();
        break;
      case field(5, LENGTH):
        value = readArray(reader, depth);
        break;
      case field(6, LENGTH):
        value = readMap(reader, depth);
        break;
      case field(7, LENGTH):
        value = reader.raw();
        break;
      default:
        passOver(reader, tag, ANY_VALUE);
    }
  }
  return value;
}

const VALUES = known(1);

function readArray(reader: ProtobufReader, depth: number): AttributeValue[] {
  const values: AttributeValue[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, LENGTH)) {
      const rest = reader.enter();
      values.push(readValue(reader, depth + 1));
      reader.leave(rest);
    } else passOver(reader, tag, VALUES);
  }
  reader.leave(outer);
  return values;
}

/** Of keys that come twice the last counts. */
function readMap(reader: ProtobufReader, depth: number): Map<string, AttributeValue> {
  const map = new Map<string, AttributeValue>();
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== field(1, LENGTH)) {
      passOver(reader, tag, VALUES);
      continue;
    }
    const rest = reader.enter();
    readEntry(reader, depth, map);
    reader.leave(rest);
  }
  reader.leave(outer);
  return map;
}

function readEntry(reader: ProtobufReader, depth: number, map: Map<string, AttributeValue>): void {
  let key = '';
  let value: AttributeValue = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, LENGTH)) key = readText(reader);
    else if (tag === field(2, LENGTH)) {
      const outer = reader.enter();
      value = readValue(reader, depth + 1);
      reader.leave(outer);
    } else passOver(reader, tag, KEY_VALUE);
  }
  map.set(key, value);
}

/** Exact, whatever its size. */
function readInt64(reader: ProtobufReader): number | bigint {
  const { pos, end } = reader;
  const value = reader.int();
  if (Math.abs(value) < SAFE) return value;
  reader.seek(pos, end);
  return reader.bigInt();
}
