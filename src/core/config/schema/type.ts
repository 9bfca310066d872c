/**
 * What a value of the configuration is: how it is read from YAML, when it counts as left out, and how it is written
 * back. Sections are built from these, so that reading, defaults and the effective configuration cannot drift apart.
 */
import type { Node } from 'yaml';
import type { Printable } from '../printable.ts';
import type { Reader } from '../reader.ts';

export interface Type<T> {
  /** What messages call it: Go's name for it, which people search for. */
  readonly goName: string;
  /** What `null` and, without a default, nothing at all stand for. */
  zero(): T;
  /** Whether `omitempty` leaves it out. */
  isZero(value: T): boolean;
  /** `node` is neither null nor left out. Faults go to the reader; then any value does. */
  read(reader: Reader, node: Node, path: string): T;
  /** A zero value that was given is none that `omitempty` leaves out: an empty URL is one. */
  readonly keepsEmpty?: boolean;
  /** Undefined where upstream writes nothing. */
  print(value: T): Printable;
}

/** Reads what may be `null`. */
export function readNullable<T>(type: Type<T>, reader: Reader, node: Node | null, path: string): T {
  return node === null || reader.document.isNull(node) ? type.zero() : type.read(reader, node, path);
}
