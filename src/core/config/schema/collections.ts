/** Lists, maps and what may be missing. */
import type { Printable } from '../printable.ts';
import { binaryText, isBinary } from './scalars.ts';
import { readNullable, type Type } from './type.ts';

interface ListOptions {
  /** The fault of an element that is null; without it null is the element's zero. */
  onNull?: string | undefined;
  /** Written in brackets on one line. */
  flow?: boolean | undefined;
}

export function list<T>(element: Type<T>, { onNull, flow = false }: ListOptions = {}): Type<readonly T[]> {
  const goName = `[]${element.goName}`;
  return {
    goName,
    zero: () => [],
    isZero: (value) => value.length === 0,
    read(reader, node, path) {
      const before = reader.faultCount;
      const nodes = reader.document.list(node, goName);
      reader.claim(path, before);
      const items: T[] = [];
      for (const [i, item] of nodes.entries()) {
        const at = `${path}[${i}]`;
        if (item !== null) reader.found(at, item);
        if (onNull !== undefined && reader.document.isNull(item)) reader.fault(item ?? node, at, onNull);
        else items.push(readNullable(element, reader, item, at));
      }
      return items;
    },
    print: (value) => ({ items: value.map((item) => element.print(item)), flow }),
  };
}

/** Values by name; `goName` where Go has a name for such a map. */
export function mapOf<T>(
  element: Type<T>,
  goName = `map[string]${element.goName}`,
): Type<Readonly<Record<string, T>>> {
  return {
    goName,
    zero: () => ({}),
    isZero: (value) => Object.keys(value).length === 0,
    read(reader, node, path) {
      const before = reader.faultCount;
      const pairs = reader.document.pairs(node, goName) ?? [];
      reader.claim(path, before);
      return Object.fromEntries(
        pairs.map(({ key, keyNode, value }) => {
          const name = isBinary(keyNode) ? binaryText(keyNode) : key;
          const at = `${path}.${name}`;
          const resolved = reader.document.resolve(value);
          reader.found(at, resolved ?? keyNode);
          return [name, readNullable(element, reader, resolved, at)];
        }),
      );
    },
    print: (value) => printMap(value, element),
  };
}

/** What a section may lack altogether: upstream's pointers. */
export function optional<T>(type: Type<T>): Type<T | undefined> {
  return {
    goName: type.goName,
    zero: () => undefined,
    isZero: (value) => value === undefined,
    read: (reader, node, path) => type.read(reader, node, path),
    print: (value) => (value === undefined ? null : type.print(value)),
  };
}

function printMap<T>(value: Readonly<Record<string, T>>, element: Type<T>): Printable {
  const keys = Object.keys(value).sort(compareKeys);
  return { entries: keys.map((key) => [key, element.print(value[key])] as const) };
}

/** The order that Go's YAML writes keys in: letters after everything else, and numbers within names by their value. */
export function compareKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] === right[i]) continue;
    const letters = Number(isLetter(left[i])) - Number(isLetter(right[i]));
    if (letters !== 0) return letters;
    if (!isLetter(left[i])) {
      const numbers = compareNumbers(left, right, i);
      if (numbers !== 0) return numbers;
    }
    return left[i].codePointAt(0)! - right[i].codePointAt(0)!;
  }
  return left.length - right.length;
}

/** Of the digits from `i` on; 0 where they do not decide. Zeros count where a number has begun before them. */
function compareNumbers(left: readonly string[], right: readonly string[], i: number): number {
  const inside = (left[i] === '0' || right[i] === '0') && /[1-9]\d*$/.test(left.slice(0, i).join(''));
  const a = /^\d*/.exec(left.slice(i).join(''))![0];
  const b = /^\d*/.exec(right.slice(i).join(''))![0];
  const lead = inside ? '1' : '0';
  return Number(lead + a) - Number(lead + b) || a.length - b.length;
}

function isLetter(c: string): boolean {
  return /^\p{L}$/u.test(c);
}
