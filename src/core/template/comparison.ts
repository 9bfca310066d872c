/** `eq`, `lt` and the rest: values of one kind compare, an integer only with integers. */
import { compareStrings } from '../model/labels.ts';
import { formatValue } from './format.ts';
import { CallError } from './function.ts';
import { GoComplex, GoHtml, GoInt, GoMap, type GoValue, typeName } from './value.ts';

type Kind = 'bool' | 'complex' | 'int' | 'float' | 'string' | 'other';

function kindOf(value: GoValue): Kind {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string' || value instanceof GoHtml) return 'string';
  if (value instanceof GoInt) return 'int';
  return value instanceof GoComplex ? 'complex' : 'other';
}

/** Whether `first` equals one of the others. */
export function equalsAny(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new CallError('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

export function equals(a: GoValue, b: GoValue): boolean {
  if (a == null || b == null) return a == null && b == null;
  const kind = kindOf(a);
  if (kind !== kindOf(b)) throw incompatible(a, b);
  if (kind === 'other') return same(a, b);
  if (a instanceof GoComplex && b instanceof GoComplex) {
    return a.real === b.real && a.imaginary === b.imaginary;
  }
  return plain(a) === plain(b);
}

/** Values that have no order: pointers are equal where they point to the same thing. */
function same(a: GoValue, b: GoValue): boolean {
  if (b instanceof GoMap || Array.isArray(b)) {
    throw new CallError(`non-comparable type ${formatValue(b)}: ${typeName(b)}`);
  }
  return a === b;
}

export function less(a: GoValue, b: GoValue): boolean {
  const kinds = [kindOf(a), kindOf(b)];
  if (kinds.includes('other')) throw new CallError('invalid type for comparison');
  if (kinds[0] !== kinds[1]) throw incompatible(a, b);
  if (kinds[0] === 'bool' || kinds[0] === 'complex') throw new CallError('invalid type for comparison');
  if (kinds[0] === 'string') return compareStrings(String(plain(a)), String(plain(b))) < 0;
  return plain(a)! < plain(b)!;
}

function incompatible(a: GoValue, b: GoValue): CallError {
  return new CallError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

function plain(value: GoValue): bigint | boolean | number | string | undefined {
  if (value instanceof GoInt) return value.value;
  return value instanceof GoHtml ? value.text : (value as boolean | number | string);
}
