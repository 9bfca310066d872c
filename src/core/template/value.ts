/**
 * Values as templates see them. Go tells int from float64 where JavaScript does not, so integers are objects here:
 *
 * | Go             | here                    |
 * |----------------|-------------------------|
 * | nil            | null                    |
 * | bool, string   | boolean, string         |
 * | float64        | number                  |
 * | int, int64     | GoInt                   |
 * | map[string]T   | GoMap                   |
 * | []T            | array                   |
 * | struct         | GoStruct                |
 * | time.Time      | GoTime                  |
 *
 * What a map has no entry for is `undefined` where Go prints `<no value>`.
 */
import { compareStrings } from '../model/labels.ts';
import { formatG } from '../model/number.ts';

export type GoValue =
  | null
  | undefined
  | boolean
  | string
  | number
  | GoInt
  | GoMap
  | GoStruct
  | GoTime
  | readonly GoValue[];

export class GoInt {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
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
}

export class GoStruct {
  /** What messages call it, such as `template.sample`. */
  readonly type: string;
  readonly fields: ReadonlyMap<string, GoValue>;
  /** Those that may hold anything. */
  readonly anyFields: readonly string[];

  constructor(type: string, fields: Record<string, GoValue>, anyFields: readonly string[] = []) {
    this.type = type;
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
    const [date, time] = new Date(this.ms).toISOString().split('T');
    const fraction = time.slice(8, 12).replace(/\.?0+$/, '');
    return `${date} ${time.slice(0, 8)}${fraction} +0000 UTC`;
  }
}

/** Go's `%v`. */
export function formatValue(value: GoValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatG(value);
  if (value === null) return '<nil>';
  if (value === undefined) return '<no value>';
  if (typeof value === 'boolean') return String(value);
  if (value instanceof GoInt) return String(value.value);
  if (value instanceof GoTime) return value.toString();
  if (value instanceof GoMap) {
    return `map[${value
      .sortedKeys()
      .map((key) => `${key}:${formatValue(value.entries.get(key))}`)
      .join(' ')}]`;
  }
  if (value instanceof GoStruct) return `{${[...value.fields.values()].map(formatValue).join(' ')}}`;
  return `[${value.map(formatValue).join(' ')}]`;
}

/** What Go calls the type in messages. */
export function typeName(value: GoValue): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof GoInt) return 'int';
  if (value instanceof GoTime) return '*time.Time';
  if (value instanceof GoMap) return value.of === 'string' ? 'map[string]string' : 'map[string]interface {}';
  if (value instanceof GoStruct) return value.type;
  return value[0] instanceof GoStruct ? 'template.queryResult' : '[]interface {}';
}

/** Whether `if` and `with` take the value for true. */
export function isTrue(value: GoValue): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (value instanceof GoInt) return value.value !== 0;
  if (value instanceof GoMap) return value.entries.size > 0;
  if (value instanceof GoStruct || value instanceof GoTime) return true;
  return value.length > 0;
}
