/**
 * Values as templates see them. Go tells int from float64 where JavaScript does not, so integers are objects here:
 *
 * | Go                                    | here              |
 * |---------------------------------------|-------------------|
 * | nil, a value that is none             | null              |
 * | an `interface {}` that holds nothing  | undefined         |
 * | bool, string                          | boolean, string   |
 * | float64                               | number            |
 * | int, uint8, time.Month, …             | GoInt             |
 * | complex128                            | GoComplex         |
 * | template.HTML                         | GoHtml            |
 * | map[string]T                          | GoMap             |
 * | template.queryResult                  | array             |
 * | struct, pointer to a struct           | GoStruct          |
 * | *time.Time                            | GoTime            |
 * | *time.Duration                        | GoDuration        |
 * | *histogram.FloatHistogram             | GoHistogram       |
 */
import type { Histogram } from '../model/histogram.ts';
import { compareStrings } from '../model/labels.ts';

export type GoValue =
  | null
  | undefined
  | boolean
  | string
  | number
  | GoInt
  | GoComplex
  | GoHtml
  | GoMap
  | GoStruct
  | GoTime
  | GoDuration
  | GoHistogram
  | readonly GoValue[];

export class GoInt {
  /** Within the 64 bits of Go's int. */
  readonly value: bigint;
  readonly type: string;
  /** What the type's String method says, where it has one: `January`. */
  readonly text: string | undefined;

  constructor(value: bigint | number, type = 'int', text?: string) {
    this.value = BigInt(value);
    this.type = type;
    this.text = text;
  }
}

export class GoComplex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** A string of a type of its own: functions that want a `string` refuse it. */
export class GoHtml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export class GoMap {
  readonly entries: ReadonlyMap<string, GoValue>;
  /** The type of the values: a missing one is this type's zero. */
  readonly of: 'string' | 'any';

  constructor(entries: ReadonlyMap<string, GoValue>, of: 'string' | 'any' = 'any') {
    this.entries = entries;
    this.of = of;
  }

  /** Go goes through maps in the order of their keys. */
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(compareStrings);
  }

  /** The value of a key, or the zero of the values' type. */
  get(key: string): GoValue {
    const value = this.entries.get(key);
    return value === undefined && this.of === 'string' ? '' : value;
  }
}

export class GoStruct {
  /** What messages call it, such as `template.sample`; without the `*` of a pointer. */
  readonly type: string;
  readonly isPointer: boolean;
  readonly fields: ReadonlyMap<string, GoValue>;
  /** Those that may hold anything. */
  readonly anyFields: readonly string[];

  constructor(
    type: string,
    fields: Record<string, GoValue>,
    { isPointer = false, anyFields = [] }: { isPointer?: boolean; anyFields?: readonly string[] } = {},
  ) {
    this.type = type;
    this.isPointer = isPointer;
    this.anyFields = anyFields;
    this.fields = new Map(Object.entries(fields));
  }
}

/** A moment in UTC; Prometheus keeps milliseconds. */
export class GoTime {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** `2015-01-01 00:00:00.5 +0000 UTC`. */
  toString(): string {
    const date = new Date(this.ms);
    // Years of more than four digits have a sign in JavaScript.
    const [, day, time] = /-(\d\d-\d\d)T(.*)Z$/.exec(date.toISOString())!;
    const year = String(date.getUTCFullYear()).padStart(4, '0');
    const fraction = time.slice(8).replace(/\.?0+$/, '');
    return `${year}-${day} ${time.slice(0, 8)}${fraction} +0000 UTC`;
  }
}

/** Nanoseconds between two moments. */
export class GoDuration {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = ns;
  }

  /** `1h0m30.5s`, `250ms`, `0s`. */
  toString(): string {
    const ns = this.ns < 0n ? -this.ns : this.ns;
    const sign = this.ns < 0n ? '-' : '';
    if (ns === 0n) return '0s';
    if (ns < 1000n) return `${sign}${ns}ns`;
    if (ns < 1_000_000n) return `${sign}${decimals(ns, 3)}µs`;
    if (ns < 1_000_000_000n) return `${sign}${decimals(ns, 6)}ms`;
    const minutes = ns / 60_000_000_000n;
    const seconds = `${decimals(ns % 60_000_000_000n, 9)}s`;
    if (minutes === 0n) return sign + seconds;
    const hours = minutes / 60n;
    return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`;
  }
}

/** `ns` with so many of its digits behind the point. */
function decimals(ns: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = String(ns % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${ns / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

export class GoHistogram {
  readonly histogram: Histogram;

  constructor(histogram: Histogram) {
    this.histogram = histogram;
  }
}

/** What Go calls the type in messages. */
export function typeName(value: GoValue): string {
  if (value === null || value === undefined) return 'interface {}';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof GoInt) return value.type;
  if (value instanceof GoComplex) return 'complex128';
  if (value instanceof GoHtml) return 'template.HTML';
  if (value instanceof GoMap) return value.of === 'string' ? 'map[string]string' : 'map[string]interface {}';
  if (value instanceof GoStruct) return (value.isPointer ? '*' : '') + value.type;
  if (value instanceof GoTime) return '*time.Time';
  if (value instanceof GoDuration) return '*time.Duration';
  return value instanceof GoHistogram ? '*histogram.FloatHistogram' : 'template.queryResult';
}

/** What a pointer to a struct points to, anything else as it is; the other pointers print what they point to anyway. */
export function pointedTo(value: GoValue): GoValue {
  if (!(value instanceof GoStruct) || !value.isPointer) return value;
  return new GoStruct(value.type, Object.fromEntries(value.fields), { anyFields: value.anyFields });
}

/** The type that a pointer points to, the type itself of anything else. */
export function pointedTypeName(value: GoValue): string {
  return typeName(value).replace(/^\*/, '');
}

/** Whether `if` and `with` take the value for true. */
export function isTrue(value: GoValue): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (value instanceof GoInt) return value.value !== 0n;
  if (value instanceof GoComplex) return value.real !== 0 || value.imaginary !== 0;
  if (value instanceof GoHtml) return value.text !== '';
  if (value instanceof GoMap) return value.entries.size > 0;
  return !Array.isArray(value) || value.length > 0;
}
