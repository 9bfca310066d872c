/**
 * The value of an attribute (AnyValue in opentelemetry/proto/common/v1/common.proto), and the text it is as a label:
 * lists and maps are JSON as Go writes it, bytes are base64.
 */
import { compareStrings } from '../model/labels.ts';

/** A bigint is an integer that a number does not hold. */
export type AttributeValue =
  | null
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>;

/** What stands for a string that was no UTF-8: it is none either, and so no label value. */
export const NO_UTF8 = '\ud800';

export function valueText(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === 'object') return jsonText(value) ?? '';
  return String(value);
}

/** As ECMAScript writes numbers, but for the sign of zero. */
export function doubleText(v: number): string {
  if (Number.isFinite(v)) return Object.is(v, -0) ? '-0' : String(v);
  const name = Number.isNaN(v) ? 'NaN' : v > 0 ? '+Inf' : '-Inf';
  return `json: unsupported value: ${name}`;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Undefined where there is a number that JSON cannot have: all of it is lost then. */
function jsonText(value: AttributeValue): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return Number.isFinite(value) ? doubleText(value) : undefined;
  if (value instanceof Uint8Array) return `"${base64(value)}"`;
  if (Array.isArray(value)) {
    const parts = value.map(jsonText);
    return parts.includes(undefined) ? undefined : `[${parts.join(',')}]`;
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, AttributeValue>)];
    const parts = entries
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([key, inner]) => {
        const text = jsonText(inner);
        return text === undefined ? undefined : `${jsonString(key)}:${text}`;
      });
    return parts.includes(undefined) ? undefined : `{${parts.join(',')}}`;
  }
  return String(value);
}

/** Go escapes what could end a script element, too. */
function jsonString(text: string): string {
  const plain = JSON.stringify(text.toWellFormed());
  return plain.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
