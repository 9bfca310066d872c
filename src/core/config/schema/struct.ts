/** A section with a known set of keys. */
import type { Node } from 'yaml';
import type { Printable } from '../printable.ts';
import type { Reader } from '../reader.ts';
import { readNullable, type Type } from './type.ts';

export interface Field {
  key: string;
  /** The property that holds it; its name is that of the key in camel case, with the unit behind it. */
  prop: string;
  // biome-ignore lint/suspicious/noExplicitAny: fields of all types stand in one list
  type: Type<any>;
  /** Left out of the effective configuration where it is zero. */
  omitEmpty: boolean;
  /** Instead of zero, where the key is missing. */
  initial?: unknown;
  /** Read, and never written. */
  hidden?: boolean | undefined;
}

/** The keys of another section among a section's own, and the property that holds that. */
export interface Inline {
  // biome-ignore lint/suspicious/noExplicitAny: sections of all types stand in one list
  inline: Struct<any>;
  /** Undefined: its properties are the section's own. */
  prop?: string | undefined;
}

/** Keys that come in families (`…_sd_configs`), with a property of their own. */
export interface Extension {
  extension: {
    keys: readonly string[];
    read(reader: Reader, values: ReadonlyMap<string, Node | null>, path: string): unknown;
    zero(): unknown;
    print(value: never): readonly (readonly [string, Printable])[];
  };
  prop: string;
}

export type Part = Field | Inline | Extension;

/** What a check tells its faults to. */
export interface Checked {
  path: string;
  /** Whether the section has this key. */
  has(key: string): boolean;
  /** A fault of the key's value, or of the section as a whole. */
  fault(message: string, key?: string): void;
  warn(message: string, key?: string): void;
}

/** Of values that were read: the properties that were given, and are zero all the same. */
const givenZeros = new WeakMap<object, Set<string>>();

interface StructOptions<T> {
  /** Runs after a section was read without faults; may complete the value. */
  check?: ((value: T, at: Checked) => void) | undefined;
  /** Runs before the keys are read; what it returns runs afterwards. */
  around?: ((reader: Reader, get: (key: string) => Node | null) => () => void) | undefined;
}

/** A field whose zero value is left out. */
export function optionalField(key: string, type: Field['type'], initial?: unknown): Field {
  return { key, prop: propertyName(key, type.goName), type, omitEmpty: true, initial };
}

/** A field that is always written. */
export function field(key: string, type: Field['type'], initial?: unknown): Field {
  return { ...optionalField(key, type, initial), omitEmpty: false };
}

export class Struct<T extends object> implements Type<T> {
  readonly goName: string;
  readonly parts: readonly Part[];
  private readonly options: StructOptions<T>;
  private readonly keys: readonly string[];

  constructor(goName: string, parts: readonly Part[], options: StructOptions<T> = {}) {
    this.goName = goName;
    this.parts = parts;
    this.options = options;
    this.keys = parts.flatMap(keysOf);
  }

  zero(): T {
    return this.make((type) => type.zero());
  }

  /** As a section that is there and empty. */
  initial(): T {
    return this.make((type, initial) => (initial === undefined ? type.zero() : initial));
  }

  isZero(value: T): boolean {
    const values = value as Record<string, unknown>;
    return this.parts.every((part) => {
      if ('inline' in part) return part.inline.isZero((part.prop ? values[part.prop] : values) as object);
      if ('extension' in part) return (values[part.prop] as readonly unknown[]).length === 0;
      return isLeftOut(values, part);
    });
  }

  read(reader: Reader, node: Node, path: string): T {
    const value = this.initial();
    const before = reader.faultCount;
    const record = reader.document.record(node, this.goName, this.keys);
    reader.claim(path, before);
    if (record === undefined) return value;
    reader.found(path, node);
    const leave = this.options.around?.(reader, (key) => record.get(key));
    const fields = {
      has: (key: string) => record.has(key),
      get: (key: string) => reader.document.resolve(record.get(key)),
      keyNode: (key: string) => record.key(key) ?? node,
    };
    this.fill(value, reader, fields, path, before);
    leave?.();
    return value;
  }

  print(value: T): Printable {
    return { entries: this.entries(value) };
  }

  private fill(value: T, reader: Reader, fields: Fields, path: string, before: number): void {
    const values = value as Record<string, unknown>;
    for (const part of this.parts) {
      if ('inline' in part) {
        const inner = (part.prop ? values[part.prop] : values) as object;
        part.inline.fill(inner, reader, fields, path, before);
        continue;
      }
      if ('extension' in part) {
        const present = part.extension.keys.filter((key) => fields.has(key));
        for (const key of present) reader.found(join(path, key), fields.get(key) ?? fields.keyNode(key));
        values[part.prop] = part.extension.read(
          reader,
          new Map(present.map((key) => [key, fields.get(key)])),
          path,
        );
        continue;
      }
      if (!fields.has(part.key)) continue;
      const at = join(path, part.key);
      const node = fields.get(part.key);
      reader.found(at, node ?? fields.keyNode(part.key));
      values[part.prop] = readNullable(part.type, reader, node, at);
      if (part.type.keepsEmpty && node !== null && !reader.document.isNull(node)) {
        const given = givenZeros.get(values) ?? new Set();
        givenZeros.set(values, given.add(part.prop));
      }
    }
    if (reader.faultCount === before) this.options.check?.(value, checked(reader, fields, path));
  }

  private entries(value: T): [string, Printable][] {
    const values = value as Record<string, unknown>;
    const out: [string, Printable][] = [];
    for (const part of this.parts) {
      if ('inline' in part) {
        out.push(...part.inline.entries((part.prop ? values[part.prop] : values) as object));
      } else if ('extension' in part) {
        for (const [key, printed] of part.extension.print(values[part.prop] as never))
          out.push([key, printed]);
      } else {
        const own = values[part.prop];
        if (part.hidden || (part.omitEmpty && isLeftOut(values, part))) continue;
        out.push([part.key, part.type.print(own)]);
      }
    }
    return out;
  }

  private make(valueFor: (type: Type<unknown>, initial: unknown) => unknown): T {
    const values: Record<string, unknown> = {};
    for (const part of this.parts) {
      if ('inline' in part) {
        const inner = part.inline.make(valueFor);
        if (part.prop === undefined) Object.assign(values, inner);
        else values[part.prop] = inner;
      } else if ('extension' in part) values[part.prop] = part.extension.zero();
      else values[part.prop] = valueFor(part.type, part.initial);
    }
    return values as T;
  }
}

function isLeftOut(values: Record<string, unknown>, { prop, type }: Field): boolean {
  return type.isZero(values[prop]) && !givenZeros.get(values)?.has(prop);
}

interface Fields {
  has(key: string): boolean;
  get(key: string): Node | null;
  keyNode(key: string): Node;
}

function checked(reader: Reader, fields: Fields, path: string): Checked {
  const at = (key: string | undefined) => (key === undefined ? path : join(path, key));
  return {
    path,
    has: (key) => fields.has(key),
    fault: (message, key) => reader.faultAt(at(key), message),
    warn: (message, key) => reader.warnAt(at(key), message),
  };
}

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function keysOf(part: Part): readonly string[] {
  if ('inline' in part) return part.inline.parts.flatMap(keysOf);
  return 'extension' in part ? part.extension.keys : [part.key];
}

/** `scrape_interval`, a duration, becomes `scrapeIntervalMs`. */
function propertyName(key: string, goName: string): string {
  const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (goName === 'model.Duration') return `${camel}Ms`;
  return goName === 'units.Base2Bytes' ? `${camel}Bytes` : camel;
}
